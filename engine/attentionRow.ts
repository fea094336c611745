/** What one query makes of all keys. */
export interface AttentionRow {
  /** Its weights [n], which add up to 1. */
  weights: Float64Array;
  /** The mean of the values by these weights [D]. */
  mixed: Float64Array;
  /** Largest sum of absolute products of a logit, scale included: what its rounding error is in proportion to. */
  reach: number;
}

/**
 * One row of attention in float64, `softmax(scale query . key_j)` over all keys, by which kernels are checked.
 * @param query [D]
 * @param key [n, D]
 * @param value [n, D]
 * Source: Vaswani et al. 2017, equation 1.
 */
export function attentionRow(
  query: ArrayLike<number>,
  key: ArrayLike<number>,
  value: ArrayLike<number>,
  scale: number,
): AttentionRow {
  const D = query.length;
  const weights = new Float64Array(key.length / D);
  let reach = 0;
  for (let j = 0; j < weights.length; j++) {
    let size = 0;
    for (let c = 0; c < D; c++) {
      const term = scale * query[c] * key[j * D + c];
      weights[j] += term;
      size += Math.abs(term);
    }
    reach = Math.max(reach, size);
  }
  const most = Math.max(...weights);
  const total = weights.reduce((sum, logit, j) => sum + (weights[j] = Math.exp(logit - most)), 0);
  const mixed = new Float64Array(D);
  for (let j = 0; j < weights.length; j++) {
    weights[j] /= total;
    for (let c = 0; c < D; c++) mixed[c] += weights[j] * value[j * D + c];
  }
  return { weights, mixed, reach };
}
