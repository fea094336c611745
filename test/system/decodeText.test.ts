import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeText } from '../../system/decodeText.ts';
import { linesOf } from '../../system/linesOf.ts';
import { readTextFile } from '../../system/readTextFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-text-'));
afterAll(() => rmSync(folder, { recursive: true }));

const utf8 = (text: string) => Buffer.from(text, 'utf8');
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => utf16le(text).swap16();
const problemOf = (bytes: Uint8Array) => {
  const found = decodeText(bytes);
  return typeof found === 'string' ? 'text' : found.problem;
};

describe('encodings', () => {
  const texts = ['cat\ndog\n', 'cat\r\ndog, Größe\r\n', '猫\n狗\n', 'قط\nكلب\n', 'a😀b\n', 'łąka\nświatło\n'];

  it.each(texts)('%j is read in all of them', (text) => {
    expect(decodeText(utf8(text))).toBe(text);
    for (const encode of [utf8, utf16le, utf16be]) expect(decodeText(encode(`\uFEFF${text}`))).toBe(text);
    for (const encode of [utf16le, utf16be]) expect(decodeText(encode(text))).toBe(text);
  });

  it.each(['cat', 'dog, puppy', 'é'])('%j without a line end and a mark', (text) => {
    for (const encode of [utf16le, utf16be]) expect(decodeText(encode(text))).toBe(text);
  });

  it('nothing is an empty text', () => {
    expect(decodeText(new Uint8Array())).toBe('');
    expect(decodeText(utf8('\uFEFF'))).toBe('');
    expect(decodeText(utf16le('\uFEFF'))).toBe('');
  });

  it('lines end as on Unix, Windows and old Macs', () => {
    expect(linesOf('a\nb\r\nc\rd')).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('what is no text', () => {
  it.each([
    ['Latin-1', Buffer.from('cat\nGr\u00F6\u00DFe\n', 'latin1'), 2, '0xf6', 7],
    ['Latin-1 with Windows line ends', Buffer.from('a\r\nb\r\n\u00E9', 'latin1'), 3, '0xe9', 7],
    ['a zero in UTF-8', utf8('cat\n\0dog'), 2, '0x00', 5],
    ['UTF-8 that is cut off', utf8('cat\n猫').subarray(0, -1), 2, '0xe7', 5],
    ['a surrogate in UTF-8', Buffer.of(0x61, 0xed, 0xa0, 0x80), 1, '0xed', 2],
    ['half a character in UTF-16', utf16le('\uFEFFa\nb').subarray(0, -1), 2, '0x62', 7],
    ['half a pair in UTF-16', Buffer.concat([utf16le('\uFEFFa\n'), Buffer.of(0x00, 0xd8), utf16le('b')]), 2, '0x00', 7],
    ['GB2312', Buffer.of(0xc3, 0xa8, 0x0a, 0xb9, 0xb7, 0x0a), 2, '0xb9', 4],
  ])('%s: line, byte and its place are named', (_, bytes, line, byte, place) => {
    expect(problemOf(bytes)).toBe(
      `is no text in UTF-8 or UTF-16: line ${line} has the byte ${byte}, number ${place} of the file; save it as UTF-8`,
    );
  });

  it('UTF-32 and files beyond all measure', () => {
    expect(problemOf(Buffer.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0))).toContain('UTF-32');
    expect(problemOf(Buffer.of(0, 0, 0xfe, 0xff, 0, 0, 0, 0x61))).toContain('UTF-32');
    expect(problemOf(new Uint8Array(65 * 2 ** 20))).toContain('too long for a text file');
  });

  it('and whatever comes, it is a text or a sentence', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const found = decodeText(bytes);
        if (typeof found !== 'string') expect(found.problem).toMatch(/line \d+ has the byte 0x\w\w|UTF-32/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readTextFile', () => {
  const fail = (problem: string) => new Error(`the list ${problem}`);

  it('reads, or says why not', () => {
    const path = join(folder, 'list.txt');
    writeFileSync(path, utf16be('\uFEFFcat\n'));
    expect(readTextFile(path, fail)).toBe('cat\n');
    writeFileSync(path, Buffer.of(0xe9));
    expect(() => readTextFile(path, fail)).toThrow('the list is no text in UTF-8 or UTF-16: line 1 has the byte 0xe9');
    expect(() => readTextFile(join(folder, 'none'), fail)).toThrow('the list does not exist');
    expect(() => readTextFile(folder, fail)).toThrow('the list is a folder');
  });
});
