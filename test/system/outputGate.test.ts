import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeGreyPng } from '../../pictures/encodePng.ts';
import { checkOutputs, isSamePlace, objectionTo } from '../../system/outputGate.ts';

const OWN = encodeGreyPng(Uint8Array.of(1), 1, 1);
let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const foreign = (name: string) => {
  writeFileSync(at(name), 'of somebody');
  return at(name);
};
const own = (name: string) => {
  writeFileSync(at(name), OWN);
  return at(name);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-gate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('objectionTo', () => {
  it.each([
    [{ path: 'a', standing: 'nothing' as const }, undefined],
    [{ path: 'a', standing: 'own' as const }, undefined],
    [{ path: 'a', standing: 'foreign' as const }, 'a would be replaced, but rfclip did not make it'],
    [
      { path: 'a', standing: 'broken link' as const },
      'a would be replaced, but it is a link to a file that is not there',
    ],
    [{ path: 'a', standing: 'own' as const, input: 'a' }, 'a would be replaced, but it is an input of this run'],
    [{ path: 'a', standing: 'own' as const, input: 'b' }, 'a would be replaced, but it is an input of this run (b)'],
    [
      { path: 'd/a', standing: 'nothing' as const, dataFolder: 'd' },
      'd/a would be written among the files of the data set, which lie in d',
    ],
  ])('of %j', (facts, sentence) => expect(objectionTo(facts)).toBe(sentence));
});

describe('checkOutputs', () => {
  const refused = (...files: string[]) => expect(() => checkOutputs({ files }));

  it('lets new files, own files and devices pass', () => {
    checkOutputs({ files: [at('new'), at('no/such/folder/new'), own('own.png'), at('own.png', 'below'), '/dev/null'] });
  });

  it('names the file and the way out, and counts the others', () => {
    const files = [own('own.png'), foreign('a'), foreign('b'), foreign('c')];
    refused(...files).toThrow(
      `${at('a')} would be replaced, but rfclip did not make it; the same goes for 2 more files`,
    );
    refused(at('a')).toThrow(
      expect.objectContaining({ code: 'RFCLIP-OVERWRITE', fix: expect.stringMatching(/--overwrite/) }),
    );
    checkOutputs({ files, overwrite: true });
    expect(readFileSync(at('a'), 'utf8')).toBe('of somebody');
  });

  it('knows a foreign file behind a link, and a link that leads nowhere', () => {
    symlinkSync(foreign('a'), at('link'));
    symlinkSync(at('link'), at('link to a link'));
    symlinkSync(own('own.png'), at('own link'));
    symlinkSync(at('unmounted/disk'), at('broken'));
    refused(at('link')).toThrow(/rfclip did not make it/);
    refused(at('link to a link')).toThrow(/rfclip did not make it/);
    refused(at('broken')).toThrow(/a link to a file that is not there/);
    checkOutputs({ files: [at('own link')] });
  });

  it.each([
    ['its name', (input: string) => input],
    ['a relative name', (input: string) => relative(process.cwd(), input)],
    ['a way round', () => at('sub/../own.png')],
    ['a link', () => at('link')],
    ['a hard link', () => at('hard link')],
    ['a linked folder', () => at('linked folder/own.png')],
  ])('knows an input by %s, even one that rfclip made', (_name, name) => {
    const input = own('own.png');
    mkdirSync(at('sub'));
    symlinkSync(input, at('link'));
    linkSync(input, at('hard link'));
    symlinkSync(folder, at('linked folder'));
    expect(() => checkOutputs({ files: [name(input)], inputs: [at('missing'), input] })).toThrow(
      /is an input of this run/,
    );
    // The other way round, too.
    expect(() => checkOutputs({ files: [input], inputs: [name(input)] })).toThrow(/is an input of this run/);
  });

  it('lets nothing go among the files of a data set, not even new files, by whatever name', () => {
    mkdirSync(at('data/SegmentationClass/sub'), { recursive: true });
    symlinkSync(at('data/SegmentationClass'), at('link'));
    const dataFolders = [at('data/SegmentationClass')];
    for (const name of ['data/SegmentationClass/new.png', 'link/new.png', 'data/x/../SegmentationClass/new.png'])
      expect(() => checkOutputs({ files: [at(name)], dataFolders }), name).toThrow(/among the files of the data set/);
    checkOutputs({ files: [at('data/new.png'), at('data/out/new.png'), at('link/sub/new.png')], dataFolders });
  });
});

describe('isSamePlace', () => {
  it('looks through links, also where what they lead to has yet to be made', () => {
    mkdirSync(at('a'));
    symlinkSync(at('a'), at('b'));
    expect(isSamePlace(at('a'), at('b'))).toBe(true);
    expect(isSamePlace(at('a/new/folder'), at('b/x/../new/folder/'))).toBe(true);
    expect(isSamePlace(at('a/new'), at('b/other'))).toBe(false);
  });
});
