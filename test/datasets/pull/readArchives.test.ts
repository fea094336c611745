import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../../datasets/pull/archiveError.ts';
import { ByteReader } from '../../../datasets/pull/byteReader.ts';
import { readTar } from '../../../datasets/pull/readTar.ts';
import { readZip } from '../../../datasets/pull/readZip.ts';
import { randomIntegers } from '../../support/random.ts';
import { makeTar, makeZip, type TarEntry, type ZipEntry } from './makeArchives.ts';

/** What is read of an archive that comes in chunks of `step` bytes. */
async function read(
  format: typeof readTar,
  archive: Uint8Array,
  step = 1000,
  wants: (name: string) => boolean = () => true,
): Promise<Map<string, Buffer>> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < archive.length; at += step) yield archive.subarray(at, at + step);
  }
  const found = new Map<string, Buffer>();
  await format(new ByteReader(chunks(), 'a.archive'), {
    archive: 'a.archive',
    wants,
    take: (name, content) => void found.set(name, Buffer.from(content)),
  });
  return found;
}

async function failure(format: typeof readTar, archive: Uint8Array, wants?: () => boolean): Promise<string> {
  const error = await read(format, archive, 700, wants).then(
    () => new Error('it was read'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ArchiveError);
  return (error as ArchiveError).message;
}

const noise = (seed: number, size: number) => Buffer.from(randomIntegers(seed, size, 256));
const names = fc.array(fc.stringMatching(/^[a-z0-9_]{1,12}$/), { minLength: 1, maxLength: 12 });
const contents = fc.array(
  fc.tuple(
    names.map((parts) => parts.join('/')),
    fc.nat(3000),
    fc.nat(1000),
  ),
  { maxLength: 8 },
);
const asMap = (entries: readonly { name: string; content?: Uint8Array | string }[]) =>
  new Map(entries.map(({ name, content }) => [name, Buffer.from((content ?? '') as string)]));

describe('tar', () => {
  test('gives all files with their bytes, however the archive is cut into chunks, also under long names', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 5000 }), fc.boolean(), async (files, step, pax) => {
        const entries = files.map(([name, size, seed]) => ({ name, content: noise(seed, size) }));
        expect(await read(readTar, makeTar(entries, pax ? 'pax' : 'gnu'), step)).toEqual(asMap(entries));
      }),
      { numRuns: 60 },
    );
  });

  test('passes over links, devices and folders, and joins the prefix to the name', async () => {
    const entries: TarEntry[] = [
      { name: 'folder/', type: '5' },
      { name: 'link', type: '2', linkName: '/etc/passwd' },
      { name: 'hard', type: '1', linkName: 'a' },
      { name: 'device', type: '3' },
      { name: 'pipe', type: '6' },
      { name: 'all', type: 'g', content: '9 path=x\n' },
      { name: 'old', type: '\0', content: 'old' },
      { name: 'a', prefix: 'deep/er', content: 'a' },
    ];
    expect(await read(readTar, makeTar(entries))).toEqual(
      new Map([
        ['old', Buffer.from('old')],
        ['deep/er/a', Buffer.from('a')],
      ]),
    );
  });

  test('one that is cut off anywhere is told from a whole one', async () => {
    const archive = makeTar([{ name: 'a', content: noise(1, 700) }, { name: 'b' }]);
    for (const length of [1, 511, 512, 600, 1024, 1535, 1536, 2047, 2048])
      expect(await failure(readTar, archive.subarray(0, length))).toBe(
        `the archive a.archive cannot be used: it is cut off after ${length} bytes`,
      );
  });

  test('what is no tar archive, and one whose headers are damaged', async () => {
    const archive = makeTar([{ name: 'a', content: noise(1, 700) }, { name: 'b' }]);
    archive[1536 + 3] ^= 1;
    expect(await failure(readTar, archive)).toContain('it is damaged at byte 1536');
    expect(await failure(readTar, noise(3, 4000))).toContain('it is no tar archive');
    expect(await failure(readTar, Buffer.from('<html>'.repeat(200)))).toContain('it is no tar archive');
    expect(await failure(readTar, Buffer.alloc(0))).toContain('cut off after 0 bytes');
  });

  test('an entry that says it is larger than any picture is refused, or passed over', async () => {
    const archive = makeTar([{ name: 'a', content: 'abc' }]);
    archive.write('77777777777\0', 124);
    archive.fill(' ', 148, 156);
    const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(await failure(readTar, archive)).toContain('its entry a has 8589934591 bytes');
    expect(await failure(readTar, archive, () => false)).toContain('cut off');
  });
});

const forms = fc.record({
  stored: fc.boolean(),
  descriptor: fc.constantFrom(undefined, 'signed' as const, 'bare' as const),
  large: fc.boolean(),
});

describe('zip', () => {
  test('gives all files with their bytes, in every form that a stream can have', async () => {
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.array(forms, { minLength: 1 }),
        fc.integer({ min: 1, max: 5000 }),
        async (files, ways, step) => {
          const entries = files.map(([name, size, seed], k): ZipEntry => {
            const way = ways[k % ways.length];
            // Nothing tells where a stored entry ends whose size stands behind it.
            return { name, content: noise(seed, size), ...way, stored: way.stored && way.descriptor === undefined };
          });
          expect(await read(readZip, makeZip(entries, { comment: 'PK' }), step)).toEqual(asMap(entries));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('an entry of unknown length that is larger than the first look', async () => {
    const content = noise(5, 400_000);
    const archive = makeZip([
      { name: 'a', content, descriptor: 'signed' },
      { name: 'b/', stored: true },
    ]);
    expect((await read(readZip, archive)).get('a')?.equals(content)).toBe(true);
  });

  test('what is not wanted is not unpacked', async () => {
    const archive = makeZip([
      { name: 'secret', content: 'x', flags: 1 },
      { name: 'odd', content: 'x', method: 12 },
      { name: 'wrong', content: 'x', crc: 1 },
      { name: 'a', content: 'a' },
    ]);
    expect([...(await read(readZip, archive, 100, (name) => name === 'a')).keys()]).toEqual(['a']);
  });

  test('says which entry cannot be unpacked, and why', async () => {
    expect(await failure(readZip, makeZip([{ name: 'secret', content: 'x', flags: 1 }]))).toContain(
      'its entry secret is encrypted',
    );
    expect(await failure(readZip, makeZip([{ name: 'odd', content: 'x', method: 12 }]))).toContain(
      'its entry odd is packed by method 12, expected deflate',
    );
    expect(await failure(readZip, makeZip([{ name: 'wrong', content: 'x', crc: 1 }]))).toContain(
      'its entry wrong is damaged',
    );
    expect(
      await failure(readZip, makeZip([{ name: 'endless', content: 'x', stored: true, descriptor: 'signed' }])),
    ).toContain('nothing tells where its entry endless ends');
    const broken = makeZip([{ name: 'a', content: noise(1, 500) }]);
    broken.fill(0xff, 40, 60);
    expect(await failure(readZip, broken)).toContain('its entry a is damaged');
  });

  test('one that is cut off anywhere is told from a whole one', async () => {
    const archive = makeZip([
      { name: 'a', content: noise(1, 700) },
      { name: 'b', content: noise(2, 300), descriptor: 'signed' },
    ]);
    for (let length = 0; length < archive.length; length += 13)
      expect(await failure(readZip, archive.subarray(0, length))).toMatch(/it is cut off after \d+ bytes/);
    expect(await failure(readZip, archive.subarray(0, archive.length - 1))).toContain('cut off');
  });

  test('what is no zip archive, and one whose directory counts other entries', async () => {
    expect(await failure(readZip, noise(3, 4000))).toContain('it is no zip archive');
    expect(await failure(readZip, makeZip([{ name: 'a' }], { count: 2 }))).toContain(
      'its directory counts 2 entries, but 1 were found',
    );
  });
});
