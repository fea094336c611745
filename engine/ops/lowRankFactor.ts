import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';
import type { TopValues } from './topValues.ts';

/**
 * The factor F [batch, heads, rows, rank] of a truncated spectrum: `F F^T = sum_r f(s_r) u_r u_r^T` over the largest
 * eigenvalues `top` of y y^T, y [batch, heads, rows, width] with orthogonal columns. Head h of the result is made of
 * head `head[h]` of y; head [batch, heads] u32 below heads (not checked on the device). f(s) = s, or with `stretch` the
 * kept eigenvalues are drawn apart from [min, max] to [0.5 min, 1.5 max]. Source: Kim et al., CVPR 2025, "CASS",
 * low-rank approximation and dynamic eigenscaling; `_scale_singular_values` of the published code.
 * `kernels/low_rank_factor.wgsl`.
 * @throws ShapeError when the shapes do not fit.
 */
export function lowRankFactor(y: Tensor, top: TopValues, head: Tensor, options: { stretch?: boolean } = {}): Tensor {
  const op = 'lowRankFactor';
  requireDtype(op, 'y', y, 'f32');
  requireShape(op, 'y', y, [-1, -1, -1, -1]);
  const [batch, heads, rows, width] = y.shape;
  requireShape(op, 'values', top.values, [batch, heads, -1]);
  const rank = top.values.shape[2];
  requireDtype(op, 'index', top.index, 'u32');
  requireShape(op, 'index', top.index, [batch, heads, rank]);
  requireDtype(op, 'head', head, 'u32');
  requireShape(op, 'head', head, [batch, heads]);
  const factor = y.device.empty([batch, heads, rows, rank]);
  y.device.recorder.dispatch({
    kernel: 'low_rank_factor',
    constants: { STRETCH: options.stretch ?? false },
    params: { size: factor.size, heads, rows, width, rank },
    tensors: [y, top.values, top.index, head, factor],
    threads: factor.size,
    flops: 10 * factor.size,
  });
  return factor;
}
