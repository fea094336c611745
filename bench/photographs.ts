import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeJpeg } from '../pictures/encodeJpeg.ts';
import { encodeGreyPng, encodePalettePng, encodeRgbPng } from '../pictures/encodePng.ts';
import { vocPalette } from '../pictures/palette.ts';
import type { ImagePair } from '../datasets/pairs.ts';

/** A kind of data set, as far as decoding is concerned. */
export interface PhotographKind {
  name: string;
  width: number;
  height: number;
  /** Of the image file; label maps are PNGs. */
  format: 'jpeg' | 'png';
  /** Levels of noise, so many that files are as long as real ones. */
  grain: number;
  classes: number;
}

/** Sizes and formats of PASCAL VOC, and of Cityscapes as JPEG and as it comes. */
export const PHOTOGRAPH_KINDS: readonly PhotographKind[] = [
  { name: 'VOC, JPEG', width: 500, height: 375, format: 'jpeg', grain: 25, classes: 21 },
  { name: 'large JPEG', width: 2048, height: 1024, format: 'jpeg', grain: 25, classes: 171 },
  { name: 'Cityscapes, PNG', width: 2048, height: 1024, format: 'png', grain: 4, classes: 19 },
];

/**
 * Writes made-up photographs with label maps: smooth shades and grain, which give files as long as photographs have,
 * and labels in patches with ignored borders.
 *
 * @param count different ones
 */
export function writePhotographs(folder: string, kind: PhotographKind, count: number): ImagePair[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `${kind.name.replace(/\W+/g, '-')}-${index}`;
    const pair = { id, image: join(folder, `${id}.${kind.format}`), label: join(folder, `${id}.labels.png`) };
    const { width, height } = kind;
    const data = photograph(kind, index);
    writeFileSync(
      pair.image,
      kind.format === 'jpeg' ? encodeJpeg({ width, height, data }, 90) : encodeRgbPng(data, width, height),
    );
    const labels = labelMap(kind, index);
    writeFileSync(
      pair.label,
      kind.format === 'jpeg'
        ? encodePalettePng(labels, width, height, vocPalette(256))
        : encodeGreyPng(labels, width, height),
    );
    return pair;
  });
}

function photograph({ width, height, grain }: PhotographKind, index: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  let random = index + 1;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const shade = shadeAt(x, y, index);
      for (let channel = 0; channel < 3; channel++) {
        random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
        data[to++] =
          128 + 60 * shade + 25 * Math.sin(0.011 * (channel + 1) * x + 0.007 * y) + grain * (random / 2 ** 32 - 0.5);
      }
    }
  }
  return data;
}

function labelMap({ width, height, classes }: PhotographKind, index: number): Uint8Array {
  const labels = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const level = (shadeAt(x, y, index) + 1) * 0.5 * classes;
      labels[to++] = level % 1 < 0.05 ? 255 : Math.min(classes - 1, Math.floor(level));
    }
  }
  return labels;
}

/** From -1 to 1, in shades of a hundred pixels and more. */
function shadeAt(x: number, y: number, index: number): number {
  return (
    (Math.sin(0.013 * x + index + 2 * Math.sin(0.009 * y)) +
      Math.sin(0.021 * y - 0.004 * x + 3 * Math.sin(0.006 * x))) /
    2
  );
}
