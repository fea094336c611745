import { PNG } from 'pngjs';
import { opacityOf, RIGHT, WRONG } from './colours.ts';
import type { ConfusionTable } from './confusions.ts';

/**
 * The heat map as a PNG with a pixel per cell, to be drawn larger: a few kilobytes where 30 000 SVG rectangles would be
 * megabytes. The cells' shares of their row are its opacity, so that it lies on any background.
 */
export function heatMapPicture({ names: { length: size }, counts, labelled }: ConfusionTable): Uint8Array {
  const picture = new PNG({ width: size, height: size });
  counts.forEach((pixels, cell) => {
    if (pixels === 0) return;
    const row = Math.floor(cell / size);
    picture.data.set(
      [...(row === cell % size ? RIGHT : WRONG), Math.round(255 * opacityOf(pixels / labelled[row]))],
      cell * 4,
    );
  });
  return PNG.sync.write(picture, { colorType: 6 });
}
