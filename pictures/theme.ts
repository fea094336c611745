import type { Colour } from './canvas.ts';

/** Colours that all pictures share: a dark, almost neutral surround changes the look of a photograph least. */
export const BACKGROUND: Colour = [24, 26, 31];
export const INK: Colour = [232, 234, 238];
export const FAINT_INK: Colour = [150, 156, 166];
/** A line around swatches, so that dark ones are seen. */
export const SWATCH_FRAME: Colour = [120, 126, 136];
