import type { RgbImage } from '../clip/image/types.ts';
import { type Colour, fillRectangle } from './canvas.ts';
import { hatching } from './hatching.ts';
import { SWATCH_FRAME } from './theme.ts';

/** Side of a swatch with its frame, in font pixels. */
export const SWATCH = 11;

/**
 * Draws what stands before a name in a legend: a framed square in a colour, or hatched.
 *
 * @param left, top upper left corner in pixels
 * @param scale side of a font pixel in pixels
 */
export function drawSwatch(
  canvas: RgbImage,
  left: number,
  top: number,
  scale: number,
  colour: Colour | 'hatched',
): void {
  fillRectangle(canvas, left, top, SWATCH * scale, SWATCH * scale, SWATCH_FRAME);
  const [inside, side] = [{ left: left + scale, top: top + scale }, (SWATCH - 2) * scale];
  if (colour !== 'hatched') return fillRectangle(canvas, inside.left, inside.top, side, side, colour);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) fillRectangle(canvas, inside.left + x, inside.top + y, 1, 1, hatching(x, y, scale));
}
