import type { RgbImage } from './types.ts';

/**
 * Turns a picture upright. The value says where the stored first row and first column belong (Exif 2.3, 4.6.4):
 * 1 as it is, 2 mirrored left to right, 3 turned by 180 degrees, 4 mirrored top to bottom, 5 transposed,
 * 6 to be turned clockwise, 7 transposed along the other diagonal, 8 to be turned anticlockwise.
 *
 * @param image `[H,W,3]` as stored
 * @param orientation 1..8
 * @returns `[H,W,3]`, or `[W,H,3]` for 5..8; the same object for 1
 */
export function applyOrientation(image: RgbImage, orientation: number): RgbImage {
  if (orientation <= 1 || orientation > 8) return image;
  const { width, height, data } = image;
  const transposed = orientation >= 5;
  const { columns: fromRight, rows: fromBottom } = mirroredAxes(orientation);

  const outWidth = transposed ? height : width;
  const outHeight = transposed ? width : height;
  const out = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const column = transposed ? y : x;
      const row = transposed ? x : y;
      const from = ((fromBottom ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column)) * 3;
      out[to++] = data[from];
      out[to++] = data[from + 1];
      out[to++] = data[from + 2];
    }
  }
  return { width: outWidth, height: outHeight, data: out };
}

/** Whether the upright picture begins with the last of the stored columns, and of the stored rows. */
export function mirroredAxes(orientation: number): { columns: boolean; rows: boolean } {
  return { columns: [2, 3, 7, 8].includes(orientation), rows: [3, 4, 6, 7].includes(orientation) };
}
