import type { AxisWeights } from '../../engine/index.ts';

/**
 * Weighted sums of levels in units of 2^-22, rounded to the nearest level and clamped: x [outer, inLength, inner].
 * Exact, as float64 holds whole numbers up to 2^53. Source: `ImagingResampleHorizontal_8bpc` of Pillow.
 */
export function resizeLevelsOracle(
  x: ArrayLike<number>,
  inLength: number,
  inner: number,
  { start, count, weights, stride }: AxisWeights,
): Float64Array {
  const outLength = start.length;
  const outer = x.length / (inLength * inner);
  const y = new Float64Array(outer * outLength * inner);
  for (let i = 0; i < y.length; i++) {
    const [n, j, o] = [i % inner, Math.floor(i / inner) % outLength, Math.floor(i / (inner * outLength))];
    let sum = 0;
    for (let k = 0; k < count[j]; k++) sum += weights[j * stride + k] * x[(o * inLength + start[j] + k) * inner + n];
    y[i] = Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22 + 0.5)));
  }
  return y;
}
