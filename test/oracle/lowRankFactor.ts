/** Sizes of `lowRankFactorOracle`. */
export interface LowRankSizes {
  batch: number;
  heads: number;
  rows: number;
  width: number;
  rank: number;
}

/**
 * `y u sqrt(f(s) / s)`: y [batch, heads, rows, width], values and index [batch, heads, rank], head [batch, heads].
 * Source: CASS's `u @ diag(f(s)) @ v.T`, of which this is one half; `_scale_singular_values` for f.
 */
export function lowRankFactorOracle(
  y: ArrayLike<number>,
  values: ArrayLike<number>,
  index: ArrayLike<number>,
  head: ArrayLike<number>,
  { batch, heads, rows, width, rank }: LowRankSizes,
  stretch: boolean,
): Float64Array {
  const out = new Float64Array(batch * heads * rows * rank);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const source = b * heads + head[b * heads + h];
      const kept = Array.from({ length: rank }, (_, r) => values[source * rank + r]);
      const [largest, smallest] = [Math.max(...kept), Math.min(...kept)];
      for (let r = 0; r < rank; r++) {
        const s = kept[r];
        const f =
          stretch && largest > smallest
            ? ((s - smallest) / (largest - smallest)) * (1.5 * largest - 0.5 * smallest) + 0.5 * smallest
            : s;
        for (let n = 0; n < rows; n++) {
          const column = index[source * rank + r];
          out[((b * heads + h) * rows + n) * rank + r] =
            s > 0 ? y[(source * rows + n) * width + column] * Math.sqrt(f / s) : 0;
        }
      }
    }
  }
  return out;
}
