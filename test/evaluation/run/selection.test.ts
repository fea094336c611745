import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prefetch } from '../../../system/prefetch.ts';
import { selectImages } from '../../../evaluation/run/selection.ts';
import { WHOLE } from '../../../evaluation/run/shard.ts';
import type { Listing } from '../../../datasets/pairs.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-selection-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const pair = (id: string) => ({ id, image: `${id}.jpg`, label: `${id}.png` });
const listing: Listing = {
  root: '',
  pairs: ['a', 'c', 'd', 'e'].map(pair),
  missing: [{ id: 'b', kind: 'label', path: 'b.png' }],
};

describe('selectImages', () => {
  it('keeps the place of an image that lacks a file, so that shards do not shift', () => {
    const complete: Listing = { root: '', pairs: ['a', 'b', 'c', 'd', 'e'].map(pair), missing: [] };
    const second = (from: Listing) => selectImages(from, { shard: { index: 1, count: 2 } });
    expect(second(listing).pairs).toEqual(second(complete).pairs);
    expect(second(listing).images).toEqual(second(complete).images);
    expect(selectImages(listing, { shard: { index: 2, count: 2 } })).toMatchObject({
      count: 2,
      pairs: [pair('d')],
      missing: [{ id: 'b', problem: 'the label map b.png does not exist' }],
    });
  });

  it('takes a list and a limit', () => {
    const list = join(folder, 'list.txt');
    writeFileSync(list, 'e\na\nc\n');
    expect(selectImages(listing, { list, limit: 2, shard: WHOLE }).pairs).toEqual([pair('a'), pair('c')]);
    writeFileSync(list, 'a\nz\n');
    expect(() => selectImages(listing, { list, shard: WHOLE })).toThrow(
      /list.txt names z, which is no image of the data set/,
    );
  });
});

describe('prefetch', () => {
  it('hands over every item in order, failures too, and is never more than `depth` ahead', async () => {
    const started: number[] = [];
    const seen: unknown[] = [];
    const load = async (item: number) => {
      started.push(item);
      await new Promise((resolve) => setTimeout(resolve, 5 - item));
      if (item === 2) throw new Error('two');
      return item * 10;
    };
    for await (const { item, loaded } of prefetch([0, 1, 2, 3, 4], 2, load)) {
      expect(started.length).toBe(Math.min(5, item + 3));
      seen.push('value' in loaded ? loaded.value : (loaded.error as Error).message);
    }
    expect(seen).toEqual([0, 10, 'two', 30, 40]);
  });
});
