import type { AdapterClass } from './adapter.ts';

/**
 * Arithmetic beyond which recorded work is submitted early, since drivers take a GPU away that works on one list for
 * too long. An image of Cityscapes costs a ViT-B/16 with windows 1.4e12, the most of all benchmarks: four lists, of 3.5
 * seconds each where an integrated GPU does no more than 0.1 TFLOP/s.
 */
export const FLOPS_PER_SUBMIT: Readonly<Record<AdapterClass, number>> = {
  software: Infinity,
  integrated: 3.5e11,
  discrete: Infinity,
};
