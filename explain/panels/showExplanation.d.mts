import type { Declared } from '../../engine/gpuTypes.js';
import type { Explanation } from '../explanation.js';

/**
 * Fills an element with the panels of an explanation, and gives it the class `rfclip-panels`, which their style is bound
 * to; the photo is as the network saw it.
 */
export function showExplanation(
  root: Declared<'HTMLElement'>,
  data: Explanation,
  photo: Declared<'ImageBitmap'> | Declared<'HTMLImageElement'> | Declared<'HTMLCanvasElement'>,
): void;
