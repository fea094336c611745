import { readLabelMap } from '../clip/image/readLabelMap.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import type { LabelMap } from '../clip/image/types.ts';
import { DatasetError } from './datasetError.ts';
import { reduceZeroLabel } from './reduceZeroLabel.ts';

/** Ground truth: one label per pixel, uint8 [H,W]; 255 is ignored. */
export interface GroundTruth {
  width: number;
  height: number;
  data: Uint8Array;
  /** There if the file holds 0 and 255 and nothing else, as binary masks do, and no label map says what they are. */
  isBinary?: true;
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
 * @param options.labelMap class by value, for files with other values than the classes' numbers; comes first
 * @throws ImageError if there is no such label map or it is damaged; DatasetError if a label is above 255
 */
export async function readGroundTruth(
  path: string,
  options: { reduceZeroLabel: boolean; labelMap?: Readonly<Record<string, number>> } & ImageLimits,
): Promise<GroundTruth> {
  const map = await readLabelMap(path, options);
  const data = as8Bit(map, path);
  const isBinary = options.labelMap === undefined && holdsOnly(data, [0, 255]);
  if (options.labelMap !== undefined) renumber(data, options.labelMap);
  if (options.reduceZeroLabel) reduceZeroLabel(data);
  return { width: map.width, height: map.height, data, ...(isBinary ? { isBinary } : {}), notices: map.notices };
}

/** Whether all of these values occur, and no others. */
function holdsOnly(data: Uint8Array, values: readonly number[]): boolean {
  const seen = new Set<number>();
  for (const value of data) {
    if (value !== values[0] && !values.includes(value)) return false;
    if (seen.size < values.length) seen.add(value);
  }
  return seen.size === values.length;
}

/** In place. */
function renumber(data: Uint8Array, labelMap: Readonly<Record<string, number>>): void {
  const table = Uint8Array.from({ length: 256 }, (_, value) => labelMap[value] ?? value);
  for (let i = 0; i < data.length; i++) data[i] = table[data[i]];
}

/**
 * Checks that an image or a prediction lies pixel on pixel over its labels.
 * @param image.orientation Exif orientation by which the image was turned
 * @throws DatasetError naming both; for an image that was turned away from its labels, with the way out
 */
export function checkSameSize(image: NamedMap & { orientation?: number }, labels: NamedMap): void {
  if (image.width === labels.width && image.height === labels.height) return;
  const size = ({ width, height }: NamedMap) => `${width} x ${height}`;
  const sentence =
    `${labels.name} has ${size(labels)} pixels, but ${image.name} has ${size(image)}; a label map must have the size ` +
    `of its image`;
  const { orientation = 1 } = image;
  if (orientation < 5 || image.width !== labels.height || image.height !== labels.width)
    throw new DatasetError(sentence, labels.name);
  // Where images fail one by one, nobody sees more than a sentence of each.
  throw new DatasetError(
    `${sentence}, which is turned upright by its Exif orientation (${orientation}), while its label map has the size ` +
      `of the stored pixels; evaluate those with --ignore-exif, or turn the label map`,
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
