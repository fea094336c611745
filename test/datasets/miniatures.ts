import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encode as encodeJpeg } from 'jpeg-js';
import { encodePalettePng, encodeRgbPng } from '../../pictures/encodePng.ts';
import { vocPalette } from '../../pictures/palette.ts';
import type { Benchmark } from '../../datasets/benchmarks/index.ts';
import { randomIntegers } from '../support/random.ts';

/** A benchmark of a few small pictures in its exact layout. */
export interface Miniature {
  /** The folder to give as data folder. */
  folder: string;
  /** Where the layout's folders are. */
  root: string;
  /** Sorted. */
  ids: string[];
}

const WIDTH = 24;
const HEIGHT = 18;

/** Ids as the benchmark writes them; with folders where it has folders. */
const IDS: Record<string, string[]> = {
  voc21: ['2007_000033', '2007_000042', '2011_003276'],
  voc20: ['2007_000033', '2007_000042', '2011_003276'],
  context60: ['2008_000002', '2008_000003', '2010_006086'],
  context59: ['2008_000002', '2008_000003', '2010_006086'],
  'coco-object': ['000000000139', '000000000285', '000000581781'],
  'coco-stuff': ['000000000139', '000000000285', '000000581781'],
  cityscapes: ['frankfurt/frankfurt_000000_000294', 'lindau/lindau_000000_000019', 'munster/munster_000000_000019'],
  ade20k: ['ADE_val_00000001', 'ADE_val_00000002', 'ADE_val_00002000'],
};

/** Writes a file and the folders above it. */
export function writeUnder(folder: string, name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A small JPEG file of noise. */
export function noiseJpeg(seed: number, width = WIDTH, height = HEIGHT): Uint8Array {
  return encodeJpeg({ width, height, data: Buffer.from(randomIntegers(seed, width * height * 4, 256)) }, 90).data;
}

/** A small palette PNG of labels 0..limit-1 and 255. */
export function noiseLabels(seed: number, limit: number, width = WIDTH, height = HEIGHT): Uint8Array {
  const labels = Uint8Array.from(randomIntegers(seed, width * height, limit + 1), (label) =>
    label === limit ? 255 : label,
  );
  return encodePalettePng(labels, width, height, vocPalette(256));
}

/** Builds a benchmark below `folder`, in the layout's root number `root` (0: `folder` itself). */
export function buildMiniature(benchmark: Benchmark, folder: string, root = 0): Miniature {
  const { layout, classes, reduceZeroLabel } = benchmark;
  const ids = IDS[benchmark.name];
  const place = join(folder, layout.roots[root]);
  ids.forEach((id, index) => {
    const picture = layout.imageSuffix.endsWith('.png')
      ? encodeRgbPng(Uint8Array.from(randomIntegers(index, WIDTH * HEIGHT * 3, 256)), WIDTH, HEIGHT)
      : noiseJpeg(index);
    writeUnder(place, `${layout.imageFolder}/${id}${layout.imageSuffix}`, picture);
    writeUnder(
      place,
      `${layout.labelFolders[0]}/${id}${layout.labelSuffix}`,
      noiseLabels(index, classes.length + (reduceZeroLabel ? 1 : 0)),
    );
  });
  if (layout.splitFile !== undefined) writeUnder(place, layout.splitFile, `${ids.toReversed().join('\n')}\n`);
  return { folder, root: place, ids };
}
