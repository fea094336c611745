import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import { ImageError } from '../../../clip/image/imageError.ts';
import type { PictureNeeds } from '../../../clip/image/picture.ts';
import { readPicture } from '../../../clip/image/readPicture.ts';
import { resizeBilinear } from '../../../clip/image/resizeBilinear.ts';
import { randomIntegers } from '../../support/random.ts';
import { fixtureBytes, fixturePath, PICTURE_FILES } from './fixtures.ts';
import { buildPng, pngChunk } from './pngBuilder.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-picture-'));
afterAll(() => rmSync(folder, { recursive: true }));

const to = (width: number, height: number, changes: Partial<PictureNeeds> = {}): PictureNeeds => ({
  resizeTo: () => ({ width, height }),
  shown: true,
  ...changes,
});
const byRows = { mostHeldPixels: 0 };

/** A big-endian TIFF block with one entry. */
function exif(orientation: number): Buffer {
  return Buffer.from(
    `MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0${String.fromCharCode(orientation)}\0\0\0\0\0\0`,
    'latin1',
  );
}

interface Recipe {
  width: number;
  height: number;
  kind: readonly [colourType: number, depth: number];
  interlaced: boolean;
  orientation: number;
  seed: number;
}

/** A PNG of random samples and filters. */
function randomPng({ width, height, kind: [colourType, depth], interlaced, orientation, seed }: Recipe): Buffer {
  const samples = randomIntegers(seed, width * height * 4, 2 ** depth);
  return buildPng({
    width,
    height,
    depth,
    colourType,
    interlaced,
    palette: colourType === 3 ? Uint8Array.from(randomIntegers(seed, 3 * 2 ** depth, 256)) : undefined,
    extra: [pngChunk('eXIf', exif(orientation))],
    sample: (x, y, channel) => samples[(y * width + x) * 4 + channel],
  });
}

const recipe = fc.record({
  width: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 1, max: 40 }),
  kind: fc.constantFrom(
    [0, 1],
    [0, 4],
    [0, 8],
    [0, 16],
    [2, 8],
    [2, 16],
    [3, 2],
    [3, 8],
    [4, 8],
    [6, 8],
    [6, 16],
  ) as fc.Arbitrary<[number, number]>,
  interlaced: fc.boolean(),
  orientation: fc.integer({ min: 1, max: 8 }),
  seed: fc.nat(1e6),
});

describe('a picture that is read row by row is resized as one that is held, bit for bit', () => {
  it('whatever its kind, orientation and size', async () => {
    const side = fc.integer({ min: 1, max: 50 });
    await fc.assert(
      fc.asyncProperty(recipe, side, side, async (made, width, height) => {
        const bytes = randomPng(made);
        const whole = decodeImage(bytes, 'a');
        const expected = resizeBilinear(whole, width, height);
        const held = await readPicture(bytes, 'a', to(width, height));
        const rows = await readPicture(bytes, 'a', to(width, height, byRows));
        expect(held).toEqual({
          width: whole.width,
          height: whole.height,
          resized: expected,
          shown: held.shown,
          notices: [],
        });
        expect(rows).toEqual({ ...held, shown: rows.shown });
        expect(held.shown!.data).toEqual(whole.data);
        expect(rows.shown!.data).toEqual(whole.data);
      }),
      { numRuns: 300 },
    );
  });

  it.each(PICTURE_FILES)('%s, from its file and from its bytes', async (file) => {
    const whole = decodeImage(fixtureBytes(file), file);
    for (const [width, height] of [
      [7, 5],
      [100, 90],
    ]) {
      const expected = resizeBilinear(whole, width, height);
      for (const input of [fixturePath(file), fixtureBytes(file)]) {
        const picture = await readPicture(input, file, to(width, height, { ...byRows, shown: false }));
        expect(picture).toEqual({ width: whole.width, height: whole.height, resized: expected, notices: [] });
      }
    }
  });

  it('also where its orientation stands behind its pixels', async () => {
    const clean = buildPng({ width: 5, height: 3, depth: 8, colourType: 2, sample: (x, y, c) => 40 * y + 9 * x + c });
    const bytes = Buffer.concat([clean.subarray(0, -12), pngChunk('eXIf', exif(6)), clean.subarray(-12)]);
    const whole = decodeImage(bytes, 'a');
    expect([whole.width, whole.height]).toEqual([3, 5]);
    const rows = await readPicture(bytes, 'a', to(9, 4, byRows));
    expect(rows).toMatchObject({
      width: 3,
      height: 5,
      resized: resizeBilinear(whole, 9, 4),
      shown: { data: whole.data },
    });
  });

  it('also where it is long: lines cross pieces', async () => {
    const samples = randomIntegers(5, 40_000 * 30 * 3, 256);
    const bytes = buildPng({
      width: 40_000,
      height: 30,
      depth: 8,
      colourType: 2,
      scanLines: Uint8Array.from({ length: 30 * 120_001 }, (_, i) =>
        i % 120_001 === 0 ? (i / 120_001) % 5 : samples[i % 9973],
      ),
    });
    const path = join(folder, 'long.png');
    writeFileSync(path, bytes);
    const whole = decodeImage(bytes, 'a');
    const rows = await readPicture(path, 'a', to(300, 20, byRows));
    expect(rows.resized).toEqual(resizeBilinear(whole, 300, 20));
    expect([rows.shown!.width, rows.shown!.height]).toEqual([2000, 2]);
  });

  it('whatever the caller does with the bytes meanwhile', async () => {
    for (const file of ['png_rgb.png', 'jpeg_420.jpg']) {
      const bytes = Uint8Array.from(fixtureBytes(file));
      const whole = decodeImage(bytes, file);
      const reading = readPicture(bytes, file, to(8, 8, byRows));
      bytes.fill(0);
      expect((await reading).resized).toEqual(resizeBilinear(whole, 8, 8));
    }
  });
});

describe('what is shown of a picture that is not held', () => {
  it('is the mean of squares', async () => {
    const bytes = buildPng({ width: 4097, height: 5, depth: 8, colourType: 0, sample: (x, y) => (x % 3) * 60 + y });
    const { shown } = await readPicture(bytes, 'a', to(1, 1, byRows));
    expect([shown!.width, shown!.height]).toEqual([1366, 2]);
    expect([...shown!.data.subarray(0, 6)]).toEqual([61, 61, 61, 61, 61, 61]);
    // The last squares are cut: of two columns, and of two rows.
    expect([...shown!.data.subarray(1365 * 3, 1366 * 3)]).toEqual([31, 31, 31]);
    expect(shown!.data[1366 * 3]).toBe(64);
  });
});

describe('damage is told as for a picture that is held', () => {
  const good = buildPng({ width: 20, height: 10, depth: 8, colourType: 2, sample: (x, y, c) => x * y + c });
  const other = (recipeOf: object) => buildPng({ width: 20, height: 10, depth: 8, colourType: 2, ...recipeOf });

  it.each([
    ['too little data', other({ scanLines: new Uint8Array(609) })],
    ['a filter that does not exist', other({ scanLines: new Uint8Array(610).fill(9) })],
    ['a wrong checksum', Uint8Array.from(good, (byte, i) => (i === good.length - 15 ? byte ^ 1 : byte))],
    ['a cut in the data', good.subarray(0, -30)],
    ['another critical chunk', Buffer.concat([good.subarray(0, -12), pngChunk('ABCD', new Uint8Array())])],
    ['no data', Buffer.concat([good.subarray(0, 33), good.subarray(-12)])],
  ])('%s', async (_, bytes) => {
    let expected: unknown;
    try {
      decodeImage(bytes, 'a');
    } catch (error) {
      expected = error;
    }
    expect(expected).toBeInstanceOf(ImageError);
    await expect(readPicture(bytes, 'a', to(4, 4, byRows))).rejects.toThrow((expected as ImageError).message);
  });

  it.each([
    ['more data', other({ scanLines: new Uint8Array(700) })],
    ['much more data', other({ scanLines: new Uint8Array(3_000_000) })],
    ['no end', good.subarray(0, -12)],
    [
      'a wrong checksum of a text',
      Buffer.concat([good.subarray(0, -12), Buffer.from('\0\0\0\0tEXt1234', 'latin1'), good.subarray(-12)]),
    ],
  ])('and what is read over: %s', async (_, bytes) => {
    const { notices } = decodeImage(bytes, 'a');
    expect(notices).toHaveLength(1);
    expect((await readPicture(bytes, 'a', to(4, 4, byRows))).notices).toEqual(notices);
  });

  it('the limit of megapixels holds, and can be raised', async () => {
    const large = buildPng({ width: 20_000, height: 10_000, depth: 8, colourType: 2, scanLines: new Uint8Array(10) });
    await expect(readPicture(large, 'a', to(4, 4))).rejects.toMatchObject({
      message: 'a has 20000 x 10000 pixels, more than the limit of 150 megapixels',
      fix: expect.stringContaining('--max-megapixels'),
    });
    await expect(readPicture(large, 'a', to(4, 4, { maxMegapixels: 300 }))).rejects.toThrow('its data ends after 10');
    const huge = buildPng({ width: 20_000, height: 20_000, depth: 8, colourType: 2, scanLines: new Uint8Array(10) });
    await expect(readPicture(huge, 'a', to(4, 4, { maxMegapixels: 300 }))).rejects.toMatchObject({
      message: 'a has 20000 x 20000 pixels, more than the limit of 300 megapixels',
      fix: 'make the picture smaller first, or cut it into parts',
    });
    for (const maxMegapixels of [0, -1, 301, NaN, '200' as unknown as number])
      await expect(readPicture(large, 'a', to(4, 4, { maxMegapixels }))).rejects.toMatchObject({
        code: 'RFCLIP-OPTIONS',
      });
  });
});
