import type { layerNormOracle } from '../oracle/layerNorm.ts';
import { U } from './compare.ts';

/**
 * How far `layer_norm` may be off, by element. With n = width, A = max |x| of the row, z the normalised value and d =
 * sqrt(variance + epsilon): the first mean is off by at most m = n U A; correcting it leaves rounding in sums of
 * centred values of size d + m. So z is off by (n + 16) U 2 (1 + |z|) (1 + (m / d)^2), where 16 pays for division and
 * root.
 */
export function layerNormTolerance(
  x: Float32Array,
  width: number,
  gamma: Float32Array,
  beta: Float32Array,
  { normalised, deviation }: ReturnType<typeof layerNormOracle>,
): (index: number) => number {
  const largest = Array.from({ length: x.length / width }, (_, row) =>
    x.subarray(row * width, (row + 1) * width).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  );
  return (i) => {
    const row = Math.floor(i / width);
    const meanError = (width * U * largest[row]) / deviation[row];
    return (
      (width + 16) *
      U *
      (2 * Math.abs(gamma[i % width]) * (1 + Math.abs(normalised[i])) * (1 + meanError ** 2) +
        Math.abs(beta[i % width]))
    );
  };
}
