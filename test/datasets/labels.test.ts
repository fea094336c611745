import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGrey16Png, encodePalettePng, encodeRgbPng } from '../../pictures/encodePng.ts';
import { vocPalette } from '../../pictures/palette.ts';
import { checkSameSize, readGroundTruth } from '../../datasets/labels.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-labels-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe('readGroundTruth', () => {
  it('gives palette indices, not colours', async () => {
    const path = write('palette.png', encodePalettePng(Uint8Array.of(0, 1, 2, 15, 254, 255), 3, 2, vocPalette(256)));
    expect(await readGroundTruth(path, { reduceZeroLabel: false })).toEqual({
      width: 3,
      height: 2,
      data: Uint8Array.of(0, 1, 2, 15, 254, 255),
      notices: [],
    });
    expect((await readGroundTruth(path, { reduceZeroLabel: true })).data).toEqual(
      Uint8Array.of(255, 0, 1, 14, 253, 255),
    );
  });

  it('takes 16-bit maps whose labels fit, and refuses others instead of keeping their low byte', async () => {
    const fits = write('grey16.png', encodeGrey16Png(Uint16Array.of(0, 7, 255), 3, 1));
    expect((await readGroundTruth(fits, { reduceZeroLabel: false })).data).toEqual(Uint8Array.of(0, 7, 255));
    const wide = write('wide.png', encodeGrey16Png(Uint16Array.of(0, 7, 1, 256), 2, 2));
    await expect(readGroundTruth(wide, { reduceZeroLabel: false })).rejects.toThrow(
      `${wide} has the label 256 at column 1, row 1; expected labels from 0 to 255`,
    );
  });

  it('names files that are no label maps', async () => {
    const picture = write('picture.png', encodeRgbPng(new Uint8Array(12), 2, 2));
    await expect(readGroundTruth(picture, { reduceZeroLabel: false })).rejects.toThrow(
      /picture\.png .*expected a label map/,
    );
    await expect(readGroundTruth(join(folder, 'none.png'), { reduceZeroLabel: false })).rejects.toThrow(
      /none\.png does not exist/,
    );
  });
});

it('checkSameSize names both files', () => {
  expect(() =>
    checkSameSize({ name: 'a.jpg', width: 4, height: 3 }, { name: 'a.png', width: 4, height: 3 }),
  ).not.toThrow();
  expect(() => checkSameSize({ name: 'a.jpg', width: 4, height: 3 }, { name: 'a.png', width: 3, height: 4 })).toThrow(
    'a.png has 3 x 4 pixels, but a.jpg has 4 x 3; a label map must have the size of its image',
  );
});
