import { RfclipError } from '../../engine/errors.ts';
import type { WindowBox } from '../../rfclip/slidingWindow.ts';

/**
 * How many windows cover each pixel: the divisor that turns the sum of window logits into their average.
 *
 * @param height rows of the image.
 * @param width columns of the image.
 * @param windows boxes inside the image.
 * @returns uint32 [height, width], row-major; at least 1 everywhere for the windows of `planWindows`.
 * @throws RfclipError (`RFCLIP-WINDOW`) if a box reaches outside the image.
 */
export function countCoverage(height: number, width: number, windows: readonly WindowBox[]): Uint32Array {
  const counts = new Uint32Array(height * width);
  for (const { y1, x1, y2, x2 } of windows) {
    if (y1 < 0 || x1 < 0 || y2 > height || x2 > width) {
      throw new RfclipError(
        `The window ${y1},${x1} to ${y2},${x2} reaches outside the image of ${height}x${width} pixels.`,
        { code: 'RFCLIP-WINDOW', where: 'windows' },
      );
    }
    for (let y = y1; y < y2; y++) {
      for (let at = y * width + x1; at < y * width + x2; at++) counts[at] += 1;
    }
  }
  return counts;
}
