import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { applyOrientation } from '../../../clip/image/applyOrientation.ts';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import { cmykToRgb } from '../../../clip/image/decodeJpeg.ts';
import { exifOrientation } from '../../../clip/image/exifOrientation.ts';
import { expectRecorded, openCase } from '../../support/reference.ts';
import { fixtureBytes, fixturePath, PICTURE_FILES } from './fixtures.ts';
import { buildPng, pngChunk } from './pngBuilder.ts';

describe('decoding equals OpenCV', () => {
  it.each(PICTURE_FILES)('%s', async (file) => {
    const { notes } = await expectRecorded(`image/decode/${file}`, undefined, { size: 0, rgb_cv2: 0 });
    expect(notes.filter((note) => !note.startsWith('rgb_pil not compared'))).toEqual([]);
  });
});

describe('PNG kinds', () => {
  const width = 11;
  const height = 9;
  const value = (x: number, y: number, channel: number, depth: number) =>
    (x * 7919 + y * 104729 + channel * 31 + x * y) % 2 ** depth;

  for (const interlaced of [false, true]) {
    for (const depth of [1, 2, 4, 8, 16]) {
      it(`grey, ${depth} bits${interlaced ? ', interlaced' : ''}`, () => {
        const file = buildPng({
          width,
          height,
          depth,
          colourType: 0,
          interlaced,
          sample: (x, y) => value(x, y, 0, depth),
        });
        const picture = decodeImage(file, 'grey.png');
        for (let i = 0; i < width * height; i++) {
          const stored = value(i % width, Math.floor(i / width), 0, depth);
          const level = depth === 16 ? stored >> 8 : (stored * 255) / (2 ** depth - 1);
          expect([...picture.data.subarray(3 * i, 3 * i + 3)]).toEqual([level, level, level]);
        }
      });
    }
    it(`16-bit RGB with alpha${interlaced ? ', interlaced' : ''}: upper byte, alpha dropped`, () => {
      const file = buildPng({
        width,
        height,
        depth: 16,
        colourType: 6,
        interlaced,
        sample: (x, y, channel) => value(x, y, channel, 16),
      });
      const picture = decodeImage(file, 'rgba16.png');
      for (let i = 0; i < width * height; i++) {
        const expected = [0, 1, 2].map((channel) => value(i % width, Math.floor(i / width), channel, 16) >> 8);
        expect([...picture.data.subarray(3 * i, 3 * i + 3)]).toEqual(expected);
      }
    });
  }

  it('keeps the colour of pixels that tRNS declares transparent', () => {
    const grey = buildPng({
      width: 2,
      height: 1,
      depth: 8,
      colourType: 0,
      sample: (x) => 100 + x,
      extra: [pngChunk('tRNS', Uint8Array.of(0, 100))],
    });
    expect([...decodeImage(grey, 'a').data]).toEqual([100, 100, 100, 101, 101, 101]);
    const palette = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const indexed = buildPng({ width: 2, height: 1, depth: 8, colourType: 3, palette, sample: (x) => x });
    expect([...decodeImage(indexed, 'a').data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('takes an index beyond the palette for black, as libpng does', () => {
    const file = buildPng({
      width: 2,
      height: 1,
      depth: 8,
      colourType: 3,
      palette: Uint8Array.of(9, 8, 7),
      sample: (x) => x * 200,
    });
    expect([...decodeImage(file, 'a').data]).toEqual([9, 8, 7, 0, 0, 0]);
  });

  it('accepts trailing bytes after the end chunk', () => {
    const file = Buffer.concat([
      buildPng({ width: 1, height: 1, depth: 8, colourType: 0, sample: () => 5 }),
      Buffer.from('leftover'),
    ]);
    expect([...decodeImage(file, 'a').data]).toEqual([5, 5, 5]);
  });
});

/** A TIFF block with a single directory entry: the orientation. */
function exifBlock(orientation: number, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(26));
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, 8, littleEndian);
  view.setUint16(8, 1, littleEndian);
  view.setUint16(10, 0x0112, littleEndian);
  view.setUint16(12, 3, littleEndian);
  view.setUint32(14, 1, littleEndian);
  view.setUint16(18, orientation, littleEndian);
  return new Uint8Array(view.buffer);
}

describe('orientation', () => {
  // Two columns a, b over three rows, and what each value turns it into (Exif 2.3, 4.6.4).
  const stored = ['ab', 'cd', 'ef'];
  const upright: Record<number, string[]> = {
    1: ['ab', 'cd', 'ef'],
    2: ['ba', 'dc', 'fe'],
    3: ['fe', 'dc', 'ba'],
    4: ['ef', 'cd', 'ab'],
    5: ['ace', 'bdf'],
    6: ['eca', 'fdb'],
    7: ['fdb', 'eca'],
    8: ['bdf', 'ace'],
  };
  const toPicture = (rows: string[]) => ({
    width: rows[0].length,
    height: rows.length,
    data: Uint8Array.from(
      [...rows.join('')].flatMap((letter) => [0, 1, 2].map((channel) => letter.charCodeAt(0) + channel)),
    ),
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i is applied', (orientation) => {
    expect(applyOrientation(toPicture(stored), orientation)).toEqual(toPicture(upright[orientation]));
    for (const littleEndian of [false, true]) {
      expect(exifOrientation(exifBlock(orientation, littleEndian))).toBe(orientation);
      const file = buildPng({
        width: 2,
        height: 3,
        depth: 8,
        colourType: 2,
        sample: (x, y, channel) => stored[y].charCodeAt(x) + channel,
        extra: [pngChunk('eXIf', exifBlock(orientation, littleEndian))],
      });
      expect(decodeImage(file, 'a.png')).toEqual({ ...toPicture(upright[orientation]), notices: [] });
    }
  });

  it('an APP1 segment turns a JPEG', () => {
    const original = fixtureBytes('jpeg_444.jpg');
    const block = exifBlock(6, false);
    const segment = Buffer.concat([
      Buffer.of(0xff, 0xe1, 0, 8 + block.length),
      Buffer.from('Exif\0\0', 'latin1'),
      block,
    ]);
    const file = Buffer.concat([original.subarray(0, 2), segment, original.subarray(2)]);
    const plain = decodeImage(original, 'a');
    expect(decodeImage(file, 'a')).toEqual({ ...applyOrientation(plain, 6), notices: [] });
  });

  it('garbage means upright', () => {
    const good = exifBlock(6, true);
    expect(exifOrientation(exifBlock(0, true))).toBe(1);
    expect(exifOrientation(exifBlock(9, false))).toBe(1);
    for (let length = 0; length < 22; length++) expect(exifOrientation(good.subarray(0, length))).toBe(1);
    const farDirectory = good.slice();
    farDirectory.fill(0xff, 4, 8);
    expect(exifOrientation(farDirectory)).toBe(1);
  });
});

it('CMYK follows the integer rule of OpenCV', () => {
  expect([...cmykToRgb(Uint8Array.of(255, 255, 255, 255, 0, 128, 255, 255, 10, 20, 30, 0, 200, 100, 50, 90))]).toEqual([
    255,
    255,
    255,
    1,
    129,
    255,
    0,
    0,
    0,
    90 - ((55 * 90) >> 8),
    90 - ((155 * 90) >> 8),
    90 - ((205 * 90) >> 8),
  ]);
});

it('decodes approximately, and says so, where there is no WebAssembly', () => {
  const module = fileURLToPath(new URL('../../../clip/image/readImage.ts', import.meta.url));
  const script = `
    import { readImage } from ${JSON.stringify(module)};
    const picture = await readImage(${JSON.stringify(fixturePath('jpeg_444.jpg'))});
    process.stdout.write(JSON.stringify({ ...picture, data: [...picture.data] }));`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--jitless', '--import', 'tsx', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const picture = JSON.parse(stdout) as { width: number; height: number; data: number[]; notices: string[] };
  expect([picture.width, picture.height]).toEqual([64, 48]);
  expect(picture.notices[0]).toContain('was decoded by jpeg-js because WebAssembly is not available');
  const exact = openCase('image/decode/jpeg_444.jpg').output('rgb_cv2').values;
  const meanDifference = picture.data.reduce((sum, level, i) => sum + Math.abs(level - exact[i]), 0) / exact.length;
  expect(meanDifference).toBeLessThan(1);
});
