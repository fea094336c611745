import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RfclipError } from '../../engine/errors.ts';
import { atomicWriteSync } from '../../system/atomicWriteSync.ts';
import { OutputError } from '../../system/outputError.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-pieces-'));
  path = join(folder, 'result.bin');
});
afterEach(() => rmSync(folder, { recursive: true }));

const pieces =
  (...texts: string[]) =>
  (write: (bytes: Uint8Array) => void) =>
    texts.forEach((text) => write(Buffer.from(text)));

describe('atomicWriteSync', () => {
  it.each([true, false])(
    'writes pieces in order, counts their bytes, and leaves nothing else behind (flush %s)',
    (flush) => {
      expect(atomicWriteSync(path, pieces('ab', '', 'cde'), { flush })).toBe(5);
      expect(readFileSync(path, 'utf8')).toBe('abcde');
      expect(atomicWriteSync(path, pieces('x'), { flush })).toBe(1);
      expect(readFileSync(path, 'utf8')).toBe('x');
      expect(readdirSync(folder)).toEqual(['result.bin']);
    },
  );

  it('shows no byte under the name before the last is written, and keeps the old file where that fails', () => {
    writeFileSync(path, 'old');
    const failing = (error: Error) => () =>
      atomicWriteSync(path, (write) => {
        write(Buffer.from('half'));
        expect(readFileSync(path, 'utf8')).toBe('old');
        throw error;
      });
    const own = new RfclipError('the source is damaged', { code: 'RFCLIP-TEST' });
    expect(failing(own)).toThrow(own);
    expect(failing(new RangeError('no memory'))).toThrow(new OutputError(path, 'no memory'));
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['old', ['result.bin']]);
  });

  it('says why a target cannot be written', () => {
    const write = (target: string) => () => atomicWriteSync(target, pieces('x'));
    mkdirSync(path);
    expect(write(path)).toThrow(`${path} cannot be written: there is a folder of that name`);
    expect(write(join(folder, 'none', 'x'))).toThrow(`the folder ${join(folder, 'none')} does not exist`);
    writeFileSync(join(folder, 'file'), '');
    expect(write(join(folder, 'file', 'x'))).toThrow(`${join(folder, 'file')} is not a folder`);
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('names a folder without permission', () => {
    chmodSync(folder, 0o500);
    expect(() => atomicWriteSync(path, pieces('x'))).toThrow(`${path} cannot be written: permission denied`);
    chmodSync(folder, 0o700);
  });

  it.skipIf(process.platform === 'win32')('writes through links and to devices', () => {
    writeFileSync(join(folder, 'target'), 'old');
    symlinkSync('target', path);
    atomicWriteSync(path, pieces('new'));
    expect([lstatSync(path).isSymbolicLink(), readFileSync(join(folder, 'target'), 'utf8')]).toEqual([true, 'new']);
    expect(atomicWriteSync('/dev/null', pieces('ab', 'c'))).toBe(3);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});
