/** `(w a + b) / (w + 1)`, w = factor weight[row]: a, b [rows, width]. Source: CASS's `_apply_spectral_strategy`. */
export function weightedMeanOracle(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  weight: ArrayLike<number>,
  factor: number,
): Float64Array {
  const width = a.length / weight.length;
  return Float64Array.from(a, (value, i) => {
    const w = factor * weight[Math.floor(i / width)];
    return (w * value + b[i]) / (w + 1);
  });
}
