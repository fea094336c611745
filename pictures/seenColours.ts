import type { LabelMap, RgbImage } from '../clip/image/types.ts';
import { greyShare, luma } from './greyBelow.ts';

/**
 * The colours that classes have in a picture that is mixed with them: that of the class over the mean of what lies
 * below its pixels, as grey as `blendLabels` makes it, in all label maps together. Classes without
 * pixels are mixed with the mean of the picture.
 *
 * @param image uint8 `[H,W,3]`
 * @param labelMaps of the same size
 * @param palette RGB triples, uint8 `[K, 3]`, one for every label that occurs; not changed
 * @param opacity share of the class colour, 0..1
 * @returns RGB triples, uint8 `[K, 3]`
 */
export function seenColours(
  image: RgbImage,
  labelMaps: readonly LabelMap[],
  palette: Uint8Array,
  opacity: number,
): Uint8Array {
  const classes = palette.length / 3;
  const counts = new Float64Array(classes);
  const sums = new Float64Array(classes * 3);
  for (const { data: labels } of labelMaps) {
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const label = labels[pixel];
      counts[label]++;
      for (let channel = 0; channel < 3; channel++) sums[label * 3 + channel] += image.data[pixel * 3 + channel];
    }
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const means = [0, 1, 2].map(
    (channel) => sums.reduce((sum, value, at) => sum + (at % 3 === channel ? value : 0), 0) / Math.max(1, total),
  );
  const grey = greyShare(opacity);
  return palette.map((level, at) => {
    const [label, channel] = [Math.floor(at / 3), at % 3];
    const mean = counts[label] === 0 ? means : [0, 1, 2].map((k) => sums[label * 3 + k] / counts[label]);
    const below = mean[channel] * (1 - grey) + luma(mean, 0) * grey;
    return Math.round(below * (1 - opacity) + level * opacity);
  });
}
