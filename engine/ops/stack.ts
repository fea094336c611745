import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * a and behind it beta * b, along the first axis: [n, ...] and [m, ...] f32 become [n + m, ...].
 * Source: `torch.cat(dim=0)`; `kernels/stack.wgsl`.
 * @throws ShapeError when the other axes differ.
 */
export function stack(a: Tensor, b: Tensor, beta = 1): Tensor {
  requireDtype('stack', 'a', a, 'f32');
  requireDtype('stack', 'b', b, 'f32');
  if (a.rank === 0) throw new ShapeError(`stack: a is ${formatShape(a.shape)}, expected at least one axis`, 'stack');
  requireShape('stack', 'b', b, [-1, ...a.shape.slice(1)]);
  const y = a.device.empty([a.shape[0] + b.shape[0], ...a.shape.slice(1)]);
  a.device.recorder.dispatch({
    kernel: 'stack',
    params: { size: a.size, total: y.size, beta },
    tensors: [a, b, y],
    threads: y.size,
    flops: b.size,
  });
  return y;
}
