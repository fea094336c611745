import { RfclipError } from '../engine/errors.ts';

/** A window in pixels of the (already resized) image: rows y1..y2-1, columns x1..x2-1. */
export interface WindowBox {
  y1: number;
  x1: number;
  y2: number;
  x2: number;
}

/**
 * The windows of a sliding inference, in visiting order (rows first).
 *
 * Along one axis there are `ceil(max(side - crop, 0) / stride) + 1` windows, `stride` apart; the last one is moved back
 * inside the image, so neighbours may overlap by more than crop - stride, down to a shift of one pixel. An image
 * smaller than the crop gives one window of the image's side. All windows of one image have the same size.
 * Source: `forward_slide` of SCLIP, NACLIP and RF-CLIP (`custom_segmentor.py`), from mmsegmentation's
 * `slide_inference`.
 *
 * @param height rows of the image, at least 1.
 * @param width columns of the image, at least 1.
 * @param crop side of a window in pixels, at least 1 (the published setting 0, "no windows", is the caller's business).
 * @param stride distance of windows in pixels, from 1 to `crop`.
 * @throws RfclipError (`RFCLIP-WINDOW`) for anything else; a stride above the crop would leave pixels without a label.
 */
export function planWindows(height: number, width: number, crop: number, stride: number): WindowBox[] {
  for (const [name, value] of Object.entries({ height, width, crop, stride })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RfclipError(`The ${name} of sliding windows is ${value}, expected a whole number of pixels from 1.`, {
        code: 'RFCLIP-WINDOW',
        where: name,
      });
    }
  }
  if (stride > crop) {
    throw new RfclipError(
      `The window stride is ${stride} with windows of ${crop} pixels, expected at most ${crop}, or pixels between ` +
        `windows would get no label.`,
      { code: 'RFCLIP-WINDOW', where: 'stride' },
    );
  }
  const rows = planAxis(height, crop, stride);
  const columns = planAxis(width, crop, stride);
  return rows.flatMap(([y1, y2]) => columns.map(([x1, x2]) => ({ y1, x1, y2, x2 })));
}

function planAxis(side: number, crop: number, stride: number): [begin: number, end: number][] {
  const count = Math.ceil(Math.max(side - crop, 0) / stride) + 1;
  return Array.from({ length: count }, (_, index) => {
    const end = Math.min(index * stride + crop, side);
    return [Math.max(end - crop, 0), end];
  });
}

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
