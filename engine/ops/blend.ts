import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype } from './checks.ts';

/**
 * `alpha * a + beta * b`, f32, with a's shape. b's shape must be a's, or the end of it: it is then repeated over a's
 * leading axes (positions [T, C] added to tokens [B, T, C]).
 * Source: `kernels/blend.wgsl`.
 * @throws ShapeError when b's shape is not the end of a's.
 */
export function blend(a: Tensor, alpha: number, b: Tensor, beta: number): Tensor {
  requireDtype('blend', 'a', a, 'f32');
  requireDtype('blend', 'b', b, 'f32');
  if (b.rank > a.rank || !b.shape.every((size, axis) => size === a.shape[a.rank - b.rank + axis])) {
    throw new ShapeError(`blend: ${formatShape(b.shape)} is not the end of ${formatShape(a.shape)}`, 'blend');
  }
  const y = a.device.empty(a.shape);
  a.device.recorder.dispatch({
    kernel: 'blend',
    constants: { REPEAT: b.size !== a.size },
    params: { size: a.size, period: b.size, alpha, beta },
    tensors: [a, b, y],
    threads: a.size,
    flops: 3 * a.size,
  });
  return y;
}

/** `a + b`, with b repeated over a's leading axes where it is shorter. @throws ShapeError as `blend`. */
export function add(a: Tensor, b: Tensor): Tensor {
  return blend(a, 1, b, 1);
}

/** `factor * a`. */
export function scale(a: Tensor, factor: number): Tensor {
  return blend(a, factor, a, 0);
}
