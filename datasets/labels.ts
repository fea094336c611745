import { readLabelMap } from '../clip/image/readLabelMap.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import type { LabelMap } from '../clip/image/types.ts';
import { IGNORED_LABEL } from './confusion.ts';
import { DatasetError } from './datasetError.ts';

/** Ground truth: one label per pixel, uint8 [H,W]; 255 is ignored. */
export interface GroundTruth {
  width: number;
  height: number;
  data: Uint8Array;
  /** Sentences about faults of the file that were read over; often none. */
  notices: string[];
}

/** A label map and how errors name it. */
export interface NamedMap {
  name: string;
  width: number;
  height: number;
}

/**
 * Reads a benchmark's label map: raw palette indices or grey values, never colours.
 *
 * @param options.reduceZeroLabel see `reduceZeroLabel`
 * @throws ImageError if there is no such label map or it is damaged; DatasetError if a label is above 255
 */
export async function readGroundTruth(
  path: string,
  options: { reduceZeroLabel: boolean } & ImageLimits,
): Promise<GroundTruth> {
  const map = await readLabelMap(path, options);
  const data = as8Bit(map, path);
  if (options.reduceZeroLabel) reduceZeroLabel(data);
  return { width: map.width, height: map.height, data, notices: map.notices };
}

/**
 * Takes label 0 out of the evaluation, in place: 0 becomes 255, 255 stays, every other label moves down by one.
 * Source: MMSegmentation, `LoadAnnotations` with `reduce_zero_label` (its step 254 to 255 is the former 255, moved
 * down).
 */
export function reduceZeroLabel(labels: Uint8Array): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== IGNORED_LABEL) labels[i] = labels[i] === 0 ? IGNORED_LABEL : labels[i] - 1;
  }
}

/** Checks that a prediction lies pixel on pixel over its labels. @throws DatasetError naming both. */
export function checkSameSize(prediction: NamedMap, labels: NamedMap): void {
  if (prediction.width === labels.width && prediction.height === labels.height) return;
  const size = ({ width, height }: NamedMap) => `${width} x ${height}`;
  throw new DatasetError(
    `${labels.name} has ${size(labels)} pixels, but ${prediction.name} has ${size(prediction)}; a label map must ` +
      `have the size of its image`,
    labels.name,
  );
}

/** The usual loaders keep the lowest eight bits, which would silently turn label 256 into label 0. */
function as8Bit({ data, width }: LabelMap, path: string): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const at = data.findIndex((label) => label > 255);
  if (at >= 0) {
    throw new DatasetError(
      `${path} has the label ${data[at]} at column ${at % width}, row ${Math.floor(at / width)}; expected labels ` +
        `from 0 to 255, where 255 is ignored`,
      path,
    );
  }
  return Uint8Array.from(data);
}
