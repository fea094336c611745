import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype } from './checks.ts';

/**
 * Euclidean length of every row of the last axis: x [..., width] f32 becomes [...] (a vector becomes [1]).
 * Source: `torch.norm(dim=-1)`; `kernels/row_norm.wgsl`.
 * @throws ShapeError when the last axis is empty.
 */
export function rowNorm(x: Tensor): Tensor {
  const width = lastAxis('rowNorm', 'x', x);
  requireDtype('rowNorm', 'x', x, 'f32');
  const rows = x.size / width;
  const y = x.device.empty(x.rank === 1 ? [1] : x.shape.slice(0, -1));
  x.device.recorder.dispatch({
    kernel: 'row_norm',
    params: { rows, width },
    tensors: [x, y],
    threads: rows,
    flops: 2 * x.size,
  });
  return y;
}
