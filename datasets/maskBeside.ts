import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { HIGHEST_MAX_MEGAPIXELS } from '../clip/image/limits.ts';
import { type Confusion, countPixels, emptyConfusion } from './confusion.ts';
import { checkSameSize, type GroundTruth, readGroundTruth } from './labels.ts';

/**
 * The mask `NAME.mask.png` beside an image (palette index = class, 255 ignored); undefined where there is none.
 * @throws DatasetError when the mask is of another size; ImageError when it cannot be read.
 */
export async function readMaskBeside(
  image: string,
  { width, height }: { width: number; height: number },
): Promise<GroundTruth | undefined> {
  const path = `${image.slice(0, image.length - extname(image).length)}.mask.png`;
  if (!existsSync(path)) return undefined;
  const truth = await readGroundTruth(path, { reduceZeroLabel: false, maxMegapixels: HIGHEST_MAX_MEGAPIXELS });
  checkSameSize({ name: image, width, height }, { name: path, width: truth.width, height: truth.height });
  return truth;
}

/**
 * How the labels of an image meet the mask beside it; undefined where there is no mask.
 * @throws as `readMaskBeside`
 */
export async function compareWithMask(
  image: string,
  prediction: { labels: Uint16Array; width: number; height: number },
  classes: number,
): Promise<Confusion | undefined> {
  const truth = await readMaskBeside(image, prediction);
  if (truth === undefined) return undefined;
  const confusion = emptyConfusion(classes);
  countPixels(confusion, prediction.labels, truth.data);
  return confusion;
}
