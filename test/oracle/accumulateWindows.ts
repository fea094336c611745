import { bilinearOracle } from './bilinear.ts';

/** Sizes of an accumulation of windows, in pixels. */
export interface AccumulateWindowsSizes {
  mapHeight: number;
  mapWidth: number;
  channels: number;
  windowHeight: number;
  windowWidth: number;
  canvasHeight: number;
  canvasWidth: number;
}

/**
 * Every window's map is enlarged bilinearly to the window's size and added to the canvas at its corner; then every
 * pixel is divided by the number of windows that cover it. Parts outside of the canvas are cut off; pixels without a
 * window are 0. Source: `forward_slide` of the published segmentors (mmseg's `slide_inference`).
 *
 * @param maps [windows, mapHeight, mapWidth, channels].
 * @param corners [windows][top, left].
 * @returns [canvasHeight, canvasWidth, channels].
 */
export function accumulateWindowsOracle(
  maps: ArrayLike<number>,
  corners: readonly (readonly [number, number])[],
  sizes: AccumulateWindowsSizes,
): Float64Array {
  const { mapHeight, mapWidth, channels, windowHeight, windowWidth, canvasHeight, canvasWidth } = sizes;
  const enlarged = bilinearOracle(maps, [corners.length, mapHeight, mapWidth, channels], windowHeight, windowWidth);
  const canvas = new Float64Array(canvasHeight * canvasWidth * channels);
  const counts = new Float64Array(canvasHeight * canvasWidth);
  corners.forEach(([top, left], window) => {
    for (let y = 0; y < windowHeight; y++) {
      for (let x = 0; x < windowWidth; x++) {
        if (top + y >= canvasHeight || left + x >= canvasWidth) continue;
        const pixel = (top + y) * canvasWidth + left + x;
        counts[pixel]++;
        for (let c = 0; c < channels; c++)
          canvas[pixel * channels + c] += enlarged[((window * windowHeight + y) * windowWidth + x) * channels + c];
      }
    }
  });
  return canvas.map((sum, i) => (sum === 0 ? 0 : sum / counts[Math.floor(i / channels)]));
}
