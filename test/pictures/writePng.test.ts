import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode as decodeWithFastPng } from 'fast-png';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { OutputError } from '../../system/outputError.ts';
import { encodeRgbPng } from '../../pictures/encodePng.ts';
import { extendPalette, vocPalette } from '../../pictures/palette.ts';
import { encodeLabelPng } from '../../pictures/encodeLabelPng.ts';
import { writeLabelPng, writeRgbPng } from '../../pictures/writePng.ts';
import { readImage } from '../../clip/image/readImage.ts';
import { decodeLabelMap } from '../../clip/image/decodeLabelMap.ts';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import { ShapeError } from '../../engine/errors.ts';

const root = mkdtempSync(join(tmpdir(), 'rfclip-write-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder = root;
let count = 0;
beforeEach(() => mkdirSync((folder = join(root, String(count++)))));

describe('palette', () => {
  it('begins as the VOC development kit does and ends with its border colour', () => {
    const palette = vocPalette(256);
    expect([...palette.subarray(0, 27)]).toEqual([
      0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 0, 0, 128, 128, 0, 128, 0, 128, 128, 128, 128, 128, 64, 0, 0,
    ]);
    expect([...palette.subarray(20 * 3, 21 * 3)]).toEqual([0, 64, 128]);
    expect([...palette.subarray(255 * 3)]).toEqual([224, 224, 192]);
  });

  it('has no colour twice', () => {
    const palette = vocPalette(3000);
    const colours = new Set(Array.from({ length: 3000 }, (_, i) => palette.subarray(3 * i, 3 * i + 3).join()));
    expect(colours.size).toBe(3000);
  });

  it('is continued, not replaced', () => {
    const own = Uint8Array.of(1, 2, 3);
    expect([...extendPalette(own, 2)]).toEqual([1, 2, 3, 128, 0, 0]);
    expect(extendPalette(own, 1)).toBe(own);
  });
});

describe('label PNGs', () => {
  it('hold the label itself, with the palette for viewers', async () => {
    const labels = Uint8Array.of(0, 1, 2, 2, 1, 255);
    const path = join(folder, 'labels.png');
    await writeLabelPng(path, labels, 3, 2, Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1));
    expect(await readLabelMap(path)).toEqual({ width: 3, height: 2, data: labels, notices: [] });
    expect([...(await readImage(path)).data]).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 3, 2, 1, 6, 5, 4, 224, 224, 192]);
    expect(decodeWithFastPng(readFileSync(path)).palette?.length).toBe(256);
  });

  it('are 16-bit grey beyond 256 classes', () => {
    const labels = Uint16Array.of(0, 300, 65535, 7);
    expect(decodeLabelMap(encodeLabelPng(labels, 2, 2, vocPalette(3)), 'a')).toEqual({
      width: 2,
      height: 2,
      data: labels,
      notices: [],
    });
    const few = decodeLabelMap(encodeLabelPng(Uint8Array.of(1, 2), 2, 1, vocPalette(847)), 'a');
    expect(few.data).toEqual(Uint16Array.of(1, 2));
  });

  it('come back as written, whatever the labels', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 500 }),
        (width, height, classes) => {
          const labels = Uint16Array.from({ length: width * height }, (_, i) => (i * 7919) % classes);
          expect([...decodeLabelMap(encodeLabelPng(labels, width, height, vocPalette(classes)), 'a').data]).toEqual([
            ...labels,
          ]);
        },
      ),
    );
  });

  it('refuse data of another size', async () => {
    await expect(writeLabelPng(join(folder, 'a.png'), new Uint8Array(5), 2, 3, vocPalette(2))).rejects.toBeInstanceOf(
      ShapeError,
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('RGB PNGs', () => {
  it('come back as written, also through another decoder', () => {
    const picture = fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.boolean(), fc.nat({ max: 255 }))
      .map(([width, height, smooth, seed]) => ({
        width,
        height,
        data: Uint8Array.from({ length: width * height * 3 }, (_, i) =>
          smooth ? i + seed : (i * i * 31 + seed * i) >> 3,
        ),
      }));
    fc.assert(
      fc.property(picture, ({ width, height, data }) => {
        const rgba = PNG.sync.read(Buffer.from(encodeRgbPng(data, width, height)));
        expect([rgba.width, rgba.height]).toEqual([width, height]);
        expect([...rgba.data].filter((_, i) => i % 4 !== 3)).toEqual([...data]);
      }),
    );
  });

  it('are written to a file', async () => {
    const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    await writeRgbPng(join(folder, 'a.png'), image);
    expect(await readImage(join(folder, 'a.png'))).toEqual({ ...image, notices: [] });
  });
});

describe('atomicWrite', () => {
  const problem = async (path: string) => {
    const error = await atomicWrite(path, 'x').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OutputError);
    return (error as OutputError).message;
  };

  it('replaces a file and leaves nothing else behind', async () => {
    const path = join(folder, 'result.txt');
    await atomicWrite(path, 'first');
    await atomicWrite(path, 'second');
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(readdirSync(folder)).toEqual(['result.txt']);
  });

  it('names what is wrong', async () => {
    expect(await problem(join(folder, 'none', 'a'))).toContain(`the folder ${join(folder, 'none')} does not exist`);
    expect(await problem(folder)).toContain('there is a folder of that name');
    writeFileSync(join(folder, 'file'), '');
    expect(await problem(join(folder, 'file', 'a'))).toContain('is not a folder');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('removes the temporary file after a failure and keeps the old content', async () => {
    const path = join(folder, 'result.txt');
    await atomicWrite(path, 'old');
    const unwritable = 42 as unknown as string;
    await expect(atomicWrite(path, unwritable)).rejects.toBeInstanceOf(OutputError);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['result.txt']);
  });

  it.skipIf(process.platform === 'win32')('writes through links and to devices', async () => {
    writeFileSync(join(folder, 'target'), 'old');
    symlinkSync('target', join(folder, 'link'));
    await atomicWrite(join(folder, 'link'), 'new');
    expect(readlinkSync(join(folder, 'link'))).toBe('target');
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('new');
    await atomicWrite('/dev/null', 'gone');
    expect(readdirSync(folder).sort()).toEqual(['link', 'target']);
  });
});
