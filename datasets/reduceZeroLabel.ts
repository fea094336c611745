import { IGNORED_LABEL } from './confusion.ts';

/**
 * Takes label 0 out of the evaluation, in place: 0 becomes 255, 255 stays, every other label moves down by one.
 * Source: MMSegmentation, `LoadAnnotations` with `reduce_zero_label` (its step 254 to 255 is the former 255, moved
 * down).
 */
export function reduceZeroLabel(labels: Uint8Array): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== IGNORED_LABEL) labels[i] = labels[i] === 0 ? IGNORED_LABEL : labels[i] - 1;
  }
}
