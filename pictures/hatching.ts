import type { Colour } from './canvas.ts';

const LIGHT: Colour = [214, 217, 222];
const DARK: Colour = [122, 126, 134];
/** Width of a stripe along a row, in pixels at scale 1. */
const STRIPE = 3;

/**
 * The colour of a pixel that is hatched, for what no plain colour may stand for: palettes have greys among their
 * classes.
 */
export function hatching(x: number, y: number, scale: number): Colour {
  return Math.floor((x + y) / (STRIPE * scale)) % 2 === 0 ? LIGHT : DARK;
}
