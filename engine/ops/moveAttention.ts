import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Per row of x [batch, heads, T, T], source columns keep the part `keep` of their weight and the rest goes to the
 * target columns that are no sources, in proportion to theirs; rows without either stay. sources and targets are
 * [batch, T - 1] masks of the columns but the first, which is a target only with `classIsTarget`. Rows below `firstRow`
 * of every matrix are copied. Source: RF-CLIP, attention redistribution (beta is 1 - keep);
 * `kernels/move_attention.wgsl`.
 * @throws ShapeError when the masks do not fit.
 */
export function moveAttention(
  x: Tensor,
  sources: Tensor,
  targets: Tensor,
  keep: number,
  options: { firstRow?: number; classIsTarget?: boolean } = {},
): Tensor {
  const { firstRow = 0, classIsTarget = false } = options;
  requireDtype('moveAttention', 'x', x, 'f32');
  requireShape('moveAttention', 'x', x, [-1, -1, -1, x.shape[2] ?? -1]);
  const [batch, heads, tokens] = x.shape;
  for (const [name, mask] of [
    ['sources', sources],
    ['targets', targets],
  ] as const) {
    requireDtype('moveAttention', name, mask, 'f32');
    requireShape('moveAttention', name, mask, [batch, tokens - 1]);
  }
  const y = x.device.empty(x.shape);
  const rows = batch * heads * tokens;
  x.device.recorder.dispatch({
    kernel: 'move_attention',
    constants: { CLASS_IS_TARGET: classIsTarget },
    params: { rows, tokens, heads, firstRow, keep },
    tensors: [x, sources, targets, y],
    threads: rows,
    flops: 4 * x.size,
  });
  return y;
}
