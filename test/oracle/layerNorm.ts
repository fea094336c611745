/** Float64 result with what a tolerance needs to know of every row. */
export interface LayerNormResult {
  y: Float64Array;
  /** (x - mean) / sqrt(variance + epsilon), before gamma and beta. */
  normalised: Float64Array;
  /** sqrt(variance + epsilon) by row. */
  deviation: Float64Array;
}

/**
 * `(x - mean) / sqrt(variance + epsilon) * gamma + beta` by row, with the biased variance.
 * Source: Ba, Kiros and Hinton 2016, equation 4; `torch.nn.LayerNorm`.
 */
export function layerNormOracle(
  x: ArrayLike<number>,
  width: number,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  epsilon: number,
): LayerNormResult {
  const rows = x.length / width;
  const normalised = new Float64Array(x.length);
  const deviation = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let mean = 0;
    for (let c = 0; c < width; c++) mean += x[row * width + c] / width;
    let variance = 0;
    for (let c = 0; c < width; c++) variance += (x[row * width + c] - mean) ** 2 / width;
    deviation[row] = Math.sqrt(variance + epsilon);
    for (let c = 0; c < width; c++) normalised[row * width + c] = (x[row * width + c] - mean) / deviation[row];
  }
  return { y: normalised.map((value, i) => value * gamma[i % width] + beta[i % width]), normalised, deviation };
}
