import type { RgbImage } from '../clip/image/types.ts';

export type Colour = readonly [red: number, green: number, blue: number];

/** A picture of one colour. */
export function newCanvas(width: number, height: number, colour: Colour): RgbImage {
  const canvas = { width, height, data: new Uint8Array(width * height * 3) };
  fillRectangle(canvas, 0, 0, width, height, colour);
  return canvas;
}

/** Fills a rectangle; what lies outside the canvas is left out. */
export function fillRectangle(
  canvas: RgbImage,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  const from = Math.max(left, 0);
  const to = Math.min(left + width, canvas.width);
  const bottom = Math.min(top + height, canvas.height);
  for (let y = Math.max(top, 0); y < bottom; y++) {
    for (let at = (y * canvas.width + from) * 3; at < (y * canvas.width + to) * 3; at += 3) {
      canvas.data[at] = colour[0];
      canvas.data[at + 1] = colour[1];
      canvas.data[at + 2] = colour[2];
    }
  }
}

/** Copies a picture onto the canvas; it must fit. */
export function pastePicture(canvas: RgbImage, picture: RgbImage, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
    canvas.data.set(row, ((top + y) * canvas.width + left) * 3);
  }
}
