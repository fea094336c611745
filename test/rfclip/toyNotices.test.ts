import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { parseClassesFile } from '../../rfclip/classes.ts';
import { EMBEDDED_CHECKPOINT } from '../../rfclip/clipModel.ts';
import { PHOTOGRAPHS_NOTICE, toyNotices } from '../../rfclip/toyNotices.ts';

const toy = openCheckpoint(EMBEDDED_CHECKPOINT);
const classesOf = (path: string) =>
  parseClassesFile(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), path).queries;

describe('notices about the embedded checkpoint', () => {
  it.each(['datasets/sample/classes.txt', 'examples/classes.txt'])('know all words of %s', (path) => {
    expect(toyNotices(toy, classesOf(path))).toEqual([PHOTOGRAPHS_NOTICE]);
  });

  it('take spaces and capitals as the tokenizer does, and know its backgrounds', () => {
    expect(toyNotices(toy, [' Cat', 'BRICK WALL', 'gray background', 'Background'])).toEqual([PHOTOGRAPHS_NOTICE]);
  });

  it('name words that it was not taught, and count what are many', () => {
    expect(toyNotices(toy, ['cat', 'zebra', ' traffic light '])[0]).toMatch(
      /never taught "zebra", "traffic light": it knows the 52 things and textures of examples\/classes\.txt, .* arbitrary/,
    );
    expect(toyNotices(toy, ['a', 'b', 'a', 'c', 'd', 'e', 'f', 'g'])[0]).toMatch(
      /"a", "b", "c", "d", "e" and 2 more: /,
    );
  });

  it('are none of another checkpoint', () => {
    expect(toyNotices({ metadata: {} }, ['zebra'])).toEqual([]);
  });
});
