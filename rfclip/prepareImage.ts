import { rescaleSize } from '../clip/image/rescaleSize.ts';
import { resizeBilinear } from '../clip/image/resizeBilinear.ts';
import type { RgbImage } from '../clip/image/types.ts';
import { normaliseForDense } from '../clip/preprocess.ts';

/** A normalised image: `data` is [3, height, width] f32. */
export interface NormalisedImage {
  data: Float32Array;
  height: number;
  width: number;
}

/**
 * What the network sees of a picture: resized with OpenCV's bilinear rule, keeping its ratio, so that neither bound of
 * `scale` (long side, short side) is exceeded, and normalised.
 */
export function prepareImage(image: RgbImage, scale: readonly [number, number]): NormalisedImage {
  const { width, height } = rescaleSize(image.width, image.height, scale);
  return { data: normaliseForDense(resizeBilinear(image, width, height)), width, height };
}
