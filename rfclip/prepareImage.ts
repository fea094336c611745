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
 * The size at which the network sees a picture: resized so that neither bound of `scale` (long side, short side) is
 * exceeded, keeping its ratio. A side that would be shorter than `least` is stretched to it, lest a picture be so long
 * that no window holds a patch.
 */
export function networkSize(
  width: number,
  height: number,
  scale: readonly [number, number],
  least = 1,
): { width: number; height: number } {
  const size = rescaleSize(width, height, scale);
  return { width: Math.max(size.width, least), height: Math.max(size.height, least) };
}

/** What to tell the user of a picture that was stretched; nothing of others. */
export function stretchNotices(
  width: number,
  height: number,
  scale: readonly [number, number],
  least: number,
): string[] {
  const plain = rescaleSize(width, height, scale);
  if (plain.width >= least && plain.height >= least) return [];
  const size = networkSize(width, height, scale, least);
  return [
    `${width} x ${height} pixels would be ${plain.width} x ${plain.height} for the network, less than one patch of ` +
      `${least}; they were stretched to ${size.width} x ${size.height}`,
  ];
}

/** A picture resized with OpenCV's bilinear rule to `networkSize`. */
export function resizeForNetwork(image: RgbImage, scale: readonly [number, number], least = 1): RgbImage {
  const { width, height } = networkSize(image.width, image.height, scale, least);
  return resizeBilinear(image, width, height);
}

/**
 * What the network sees of a picture: `resizeForNetwork`, normalised.
 * @param least pixels of a side, at least; a patch of the network, where nobody else has seen to it
 */
export function prepareImage(image: RgbImage, scale: readonly [number, number], least = 1): NormalisedImage {
  const { width, height, data } = resizeForNetwork(image, scale, least);
  return { data: normaliseForDense({ width, height, data }), width, height };
}
