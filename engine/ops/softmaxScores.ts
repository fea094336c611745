import { ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { ATTENTION_ROWS, requireAttentionTiles, viewParams } from './attentionTiles.ts';
import { requireDtype, requireShape } from './checks.ts';
import { formatView, type Matrices } from './matrixViews.ts';
import type { SoftmaxOptions } from './softmax.ts';

/**
 * `softmax(scale * left right^T)` of every head, plus `addend`, in one launch: left is outer x inner matrices [m, D],
 * right [n, D], the result and the addend are [outer, inner, m, n]. All f32. The composed version is `matmulViews`,
 * `softmax`.
 * Source: Vaswani et al. 2017, equation 1; `kernels/softmax_scores.wgsl`.
 * @throws ShapeError when the views do not fit each other or the kernel: heads have whole vectors, at most 16;
 *   or a view reaches beyond its tensor.
 */
export function softmaxScores(left: Matrices, right: Matrices, options: SoftmaxOptions = {}): Tensor {
  const { scale = 1, causal = false, addend } = options;
  requireAttentionTiles('softmaxScores', { left, right });
  const { rows: m, columns, outer, inner, tensor } = left;
  const n = right.rows;
  const { device } = tensor;
  if (n === 0 || (causal && m !== n)) {
    throw new ShapeError(
      `softmaxScores: left is ${formatView(left)} and right ${formatView(right)}, expected ` +
        (causal ? 'as many rows for a causal mask' : 'at least one row of right'),
      'softmaxScores',
    );
  }
  if (addend !== undefined) {
    requireDtype('softmaxScores', 'addend', addend, 'f32');
    requireShape('softmaxScores', 'addend', addend, [outer, inner, m, n]);
  }
  const out = device.empty([outer, inner, m, n]);
  if (out.size === 0) return out;
  device.recorder.dispatch({
    kernel: 'softmax_scores',
    constants: { HAS_ADDEND: addend !== undefined },
    params: {
      m,
      n,
      vectors: columns / 4,
      causal: Number(causal),
      inner,
      ...viewParams('left', left),
      ...viewParams('right', right),
      scale,
    },
    tensors: [tensor, right.tensor, addend ?? device.placeholder, out],
    workgroups: [Math.ceil(m / ATTENTION_ROWS), 1, outer * inner],
    flops: (2 * columns + 5) * out.size,
    bytes: 4 * ((addend === undefined ? 1 : 2) * out.size + (m + n) * columns * outer * inner),
  });
  return out;
}
