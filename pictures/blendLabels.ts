import { ShapeError } from '../engine/errors.ts';
import type { LabelMap, RgbImage } from '../clip/image/types.ts';
import { greyShare, luma } from './greyBelow.ts';

/** What is left of the brightness on the line between two regions. */
const BOUNDARY_BRIGHTNESS = 0.4;
/** Short side, in pixels, for which a boundary is one pixel thick. */
const PIXELS_PER_BOUNDARY_PIXEL = 600;

/**
 * Mixes a picture, made grey, with the colours of its labels and draws a thin dark line between regions.
 *
 * @param image uint8 `[H,W,3]`
 * @param labels `[H,W]`
 * @param palette RGB triples, one for every label that occurs
 * @param opacity share of the class colour, 0..1
 * @returns uint8 `[H,W,3]`
 * @throws ShapeError if picture and labels differ in size
 */
export function blendLabels(image: RgbImage, labels: LabelMap, palette: Uint8Array, opacity: number): RgbImage {
  const { width, height } = image;
  if (labels.width !== width || labels.height !== height) {
    throw new ShapeError(
      `the label map has ${labels.width} x ${labels.height} pixels, the picture ${width} x ${height}`,
      'blendLabels',
    );
  }
  const thickness = Math.max(1, Math.round(Math.min(width, height) / PIXELS_PER_BOUNDARY_PIXEL));
  const data = new Uint8Array(image.data.length);
  const grey = greyShare(opacity);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const brightness = isBoundary(labels, x, y, thickness) ? BOUNDARY_BRIGHTNESS : 1;
      const colour = labels.data[pixel] * 3;
      const luminance = luma(image.data, pixel * 3) * grey;
      for (let channel = 0; channel < 3; channel++) {
        const below = image.data[pixel * 3 + channel] * (1 - grey) + luminance;
        const mixed = below * (1 - opacity) + palette[colour + channel] * opacity;
        data[pixel * 3 + channel] = Math.round(mixed * brightness);
      }
    }
  }
  return { width, height, data };
}

/**
 * Whether another region begins within `reach` pixels to the right or below, which makes lines `reach` pixels thick.
 */
function isBoundary({ width, height, data }: LabelMap, x: number, y: number, reach: number): boolean {
  const label = data[y * width + x];
  for (let step = 1; step <= reach; step++) {
    if (x + step < width && data[y * width + x + step] !== label) return true;
    if (y + step < height && data[(y + step) * width + x] !== label) return true;
  }
  return false;
}
