import type { MatrixShape } from './subgroupMatrices.ts';

/**
 * In what the products of a network are computed: `f32`, the reference; `f16`: weights and their factors rounded to
 * f16, sums and everything else f32; `auto`: f16 where a GPU has matrix units for it, and multiplies right.
 */
export type Precision = 'f32' | 'f16' | 'auto';

/** `Precision` for command lines and checks. */
export const PRECISIONS: readonly Precision[] = ['f32', 'f16', 'auto'];

/** How a device computes products. */
export interface Products {
  precision: 'f32' | 'f16';
  /** What it multiplies at once; undefined where ordinary kernels read f16. */
  matrices?: MatrixShape;
}
