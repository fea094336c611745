import { rescaleSize } from '../clip/image/rescaleSize.ts';
import { resizeBilinear } from '../clip/image/resizeBilinear.ts';
import type { RgbImage } from '../clip/image/types.ts';
import { normaliseForDense } from '../clip/preprocess.ts';
import type { NormalisedImage } from './segmenter.ts';

/** Bounds of the network's image size, as the benchmarks resize: long side at most 2048, short side at most 336. */
export const DEFAULT_RESIZE: readonly [number, number] = [2048, 336];

/**
 * What the network sees of a picture: resized with OpenCV's bilinear rule, keeping its ratio, so that neither bound of
 * `scale` is exceeded, and normalised.
 */
export function prepareImage(image: RgbImage, scale: readonly [number, number] = DEFAULT_RESIZE): NormalisedImage {
  const { width, height } = rescaleSize(image.width, image.height, scale);
  return { data: normaliseForDense(resizeBilinear(image, width, height)), width, height };
}
