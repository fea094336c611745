import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findResults } from '../../../evaluation/results/findResults.ts';
import { resultOf } from '../samples.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-find-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'result.json'), JSON.stringify(resultOf(3, 1, 1)));
}
const found = (name: string) => findResults(name).map(({ path }) => relative(folder, path));

describe('findResults', () => {
  it('finds runs below a folder, and none below a run', () => {
    for (const name of ['out/b/rfclip', 'out/a', 'out/a/shard-1-of-2']) put(name);
    expect(found(join(folder, 'out'))).toEqual(['out/a/result.json', 'out/b/rfclip/result.json']);
  });

  it('takes a folder by one name, however its end is written', () => {
    put('out');
    for (const end of ['', '/', '//', '/.', '/../out/'])
      expect(findResults(`${folder}/out${end}`).map(({ name, path }) => [name, path])).toEqual([
        [join(folder, 'out'), join(folder, 'out/result.json')],
      ]);
    expect(() => findResults('')).toThrow(/does not exist/);
  });

  it('follows links to folders, but into no folder twice and in no circle', () => {
    put('elsewhere/run');
    put('out/run');
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'out/linked'));
    symlinkSync(join(folder, 'out/run'), join(folder, 'out/latest'));
    symlinkSync(join(folder, 'out'), join(folder, 'out/circle'));
    symlinkSync(join(folder, 'nothing'), join(folder, 'out/broken'));
    expect(found(join(folder, 'out'))).toEqual(['out/run/result.json', 'out/linked/run/result.json']);
  });
});
