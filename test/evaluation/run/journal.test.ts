import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatEntry, openJournal, parseJournal } from '../../../evaluation/run/journal.ts';
import { entryOf } from '../samples.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-journal-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const lines = (count: number) => Buffer.from(Array.from({ length: count }, (_, k) => formatEntry(entryOf(k))).join(''));

describe('parseJournal', () => {
  it('reads what was written', () => {
    const bytes = lines(5);
    expect(parseJournal(bytes, 'j')).toEqual({ entries: [0, 1, 2, 3, 4].map(entryOf), soundBytes: bytes.length });
    expect(parseJournal(new Uint8Array(), 'j')).toEqual({ entries: [], soundBytes: 0 });
  });

  it('cut anywhere, keeps the whole lines and nothing else', () => {
    const bytes = lines(4);
    const ends = [...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1);
    for (let length = 0; length <= bytes.length; length++) {
      const whole = ends.filter((end) => end <= length);
      const { entries, soundBytes } = parseJournal(bytes.subarray(0, length), 'j');
      expect(entries).toHaveLength(whole.length);
      expect(soundBytes).toBe(whole.at(-1) ?? 0);
    }
  });

  it('never takes a changed byte for a sound line', () => {
    const bytes = lines(3);
    const secondEnd = lines(2).length - 1;
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] ^= change;
        let entries: unknown[];
        try {
          ({ entries } = parseJournal(damaged, 'j'));
        } catch (error) {
          // Of the last line only if the change makes two lines of it.
          expect((error as Error).message).toMatch(
            damaged[at] === 0x0a ? /^j, line [123] is damaged/ : /^j, line [12] is damaged/,
          );
          return;
        }
        // Damage of the last line drops it; damage of the newline before it makes one bad line of two.
        expect(entries).toEqual((at === secondEnd ? [0] : [0, 1]).map(entryOf));
      }),
      {
        examples: [
          [secondEnd, 1],
          [bytes.length - 9, bytes[bytes.length - 9] ^ 0x0a],
        ],
      },
    );
  });

  it('refuses an image that stands twice', () => {
    expect(() => parseJournal(Buffer.concat([lines(2), lines(1)]), 'j')).toThrow(
      /j has image 0, Zürich twice, in lines 1 and 3/,
    );
  });
});

describe('openJournal', () => {
  it('cuts a torn line off the file and goes on behind the last whole one', () => {
    const path = join(folder, 'journal.ndjson');
    const first = openJournal(path);
    first.append(entryOf(0));
    first.append(entryOf(1));
    first.close();
    appendFileSync(path, formatEntry(entryOf(2)).slice(0, -9));
    const second = openJournal(path);
    expect(second.entries).toEqual([0, 1].map(entryOf));
    second.append(entryOf(3));
    second.close();
    expect(parseJournal(readFileSync(path), path).entries).toEqual([0, 1, 3].map(entryOf));
  });

  it('leaves a journal that is sound as it is', () => {
    const path = join(folder, 'sound.ndjson');
    writeFileSync(path, lines(2));
    utimesSync(path, 1e9, 1e9);
    openJournal(path).close();
    expect(statSync(path)).toMatchObject({ size: lines(2).length, mtimeMs: 1e12 });
  });

  it('says so where it cannot be opened', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => openJournal(join(folder, 'file', 'journal.ndjson'))).toThrow(
      /the journal .* cannot be opened \(ENOTDIR\)/,
    );
  });
});
