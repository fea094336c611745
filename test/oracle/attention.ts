import { matmulOracle, type OracleView } from './matmul.ts';
import { softmaxOracle } from './softmax.ts';

/** Attention in float64, and what rounding errors are relative to. */
export interface OracleAttention {
  /** [outer, inner, m, n]: softmax(scale left right^T). */
  weights: Float64Array;
  /** [outer, inner, m, D]: weights values. */
  mixed: Float64Array;
  /** [outer, inner, m, D]: weights |values|. */
  magnitudes: Float64Array;
  /** Largest |scale| sum |left||right| of all pairs: the logits' errors are relative to it, and none is larger. */
  reach: number;
}

/** Sizes of `attentionOracle`. */
export interface OracleAttentionSizes {
  m: number;
  n: number;
  width: number;
  outer: number;
  inner: number;
  scale: number;
  causal?: boolean;
}

/** Vaswani et al. 2017, equation 1, head by head: a product, a softmax and a product in float64. */
export function attentionOracle(
  left: OracleView,
  right: OracleView,
  values: OracleView,
  { m, n, width, outer, inner, scale, causal = false }: OracleAttentionSizes,
): OracleAttention {
  const scores = matmulOracle(left, right, { m, n, k: width, outer, inner, scale, transposeB: true });
  const weights = softmaxOracle(scores.values, n, 1, causal);
  const view = { values: weights, offset: 0, rowStride: n, innerStride: m * n, outerStride: inner * m * n };
  const product = matmulOracle(view, values, { m, n: width, k: n, outer, inner });
  return {
    weights,
    mixed: product.values,
    magnitudes: product.magnitudes,
    reach: scores.magnitudes.reduce((most, value) => Math.max(most, value), 0),
  };
}
