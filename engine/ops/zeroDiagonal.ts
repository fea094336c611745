import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Square matrices [..., n, n] f32 with their diagonals set to 0.
 * Source: `torch.Tensor.fill_diagonal_(0)`; `kernels/zero_diagonal.wgsl`.
 * @throws ShapeError when the last two axes differ.
 */
export function zeroDiagonal(x: Tensor): Tensor {
  requireDtype('zeroDiagonal', 'x', x, 'f32');
  const n = x.shape.at(-1) ?? 0;
  requireShape('zeroDiagonal', 'x', x, x.rank < 2 ? [-1, -1] : [...x.shape.slice(0, -2), n, n]);
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'zero_diagonal',
    params: { size: x.size, n },
    tensors: [x, y],
    threads: x.size,
    bytes: 8 * x.size,
  });
  return y;
}
