import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashModule } from '../../rfclip/methods/moduleFiles.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const ENTRY = [
  "import { defineMethod } from 'rfclip';",
  'import one, {',
  '  two,',
  "} from './parts/one.mjs';",
  'export { three } from "./three.mjs";',
  "import './none.mjs';",
].join('\n');

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
const write = (name: string, text: string) => writeFileSync(at(name), text);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-hash-'));
  mkdirSync(at('a/parts'), { recursive: true });
  write('a/mine.mjs', ENTRY);
  write('a/parts/one.mjs', "export { deep } from '../deep.mjs';\nexport const two = await import('./late.mjs');");
  write('a/deep.mjs', "import * as all from './mine.mjs';\nexport const deep = 1;");
  write('a/three.mjs', 'export const three = 3;');
  write('a/parts/late.mjs', 'export default 4;');
  write('a/stranger.mjs', 'export default 5;');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('hashModule', () => {
  it('is that of the file where it imports none of its own', () => {
    write('a/alone.mjs', "import { defineMethod } from 'rfclip';");
    expect(hashModule(at('a/alone.mjs'))).toBe(sha256("import { defineMethod } from 'rfclip';"));
  });

  it.each(['parts/one.mjs', 'deep.mjs', 'three.mjs', 'parts/late.mjs', 'mine.mjs'])(
    'changes with %s, and is the same in another folder',
    (name) => {
      const before = hashModule(at('a/mine.mjs'));
      cpSync(at('a'), at('b'), { recursive: true });
      expect(hashModule(at('b/mine.mjs'))).toBe(before);
      writeFileSync(at('b', name), '\n', { flag: 'a' });
      expect(hashModule(at('b/mine.mjs'))).not.toBe(before);
    },
  );

  it('does not depend on files that nobody imports', () => {
    const before = hashModule(at('a/mine.mjs'));
    write('a/stranger.mjs', 'export default 6;');
    expect(hashModule(at('a/mine.mjs'))).toBe(before);
  });
});
