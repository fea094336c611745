import { ShapeError } from '../errors.ts';
import { ATTENTION_ROWS, requireAttentionTiles, viewParams } from './attentionTiles.ts';
import { formatView, type Matrices } from './matrixViews.ts';

/** How `flashAttention` weighs. */
export interface FlashAttentionOptions {
  /** Multiplies the products before the exponential (1/sqrt(head width)). Default 1. */
  scale?: number;
  /** Query i sees keys 0..i only. */
  causal?: boolean;
  /** The values of this many keys, the first ones, count as 0, though these keys have their weight. Default 0. */
  skip?: number;
}

/**
 * `softmax(scale * left right^T) values` of every head in one launch, written into `out`. left is outer x inner
 * matrices [m, D], right and values [n, D], out [m, D]; all f32, but out may be f16. The composed version is
 * `matmulViews`, `softmax`, `matmulViews`.
 * Source: Dao et al. 2022, algorithm 1; `kernels/flash_attention.wgsl`.
 * @throws ShapeError when the views do not fit each other or the kernel: heads have whole vectors, at most 16;
 *   or a view reaches beyond its tensor.
 */
export function flashAttention(
  left: Matrices,
  right: Matrices,
  values: Matrices,
  out: Matrices,
  options: FlashAttentionOptions = {},
): void {
  const { scale = 1, causal = false, skip = 0 } = options;
  requireAttentionTiles('flashAttention', { left, right, values, out });
  const { rows: m, columns, outer, inner } = left;
  const n = right.rows;
  if (out.rows !== m || values.rows !== n || (causal && m !== n)) {
    const [leftSizes, rightSizes, valueSizes, outSizes] = [left, right, values, out].map(formatView);
    throw new ShapeError(
      `flashAttention: rows of left ${leftSizes}, right ${rightSizes}, values ${valueSizes} and out ${outSizes} ` +
        `do not fit${causal ? ' a causal mask' : ''}`,
      'flashAttention',
    );
  }
  if (m === 0 || outer * inner === 0) return;
  if (n === 0) throw new ShapeError('flashAttention: there are no keys, expected at least one', 'flashAttention');
  const { device, dtype } = out.tensor;
  device.recorder.dispatch({
    kernel: 'flash_attention',
    constants: dtype === 'f16' ? { OUT_ELEMENT: 'vec4<f16>' } : {},
    params: {
      m,
      n,
      vectors: columns / 4,
      causal: Number(causal),
      skip,
      inner,
      ...viewParams('left', left),
      ...viewParams('right', right),
      ...viewParams('values', values),
      ...viewParams('out', out),
      scale,
    },
    tensors: [left.tensor, right.tensor, values.tensor, out.tensor],
    workgroups: [Math.ceil(m / ATTENTION_ROWS), 1, outer * inner],
    flops: (4 * columns + 5) * m * n * outer * inner,
    bytes: 8 * (m + n) * columns * outer * inner,
  });
}
