import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * `(w a + b) / (w + 1)` with `w = factor * weight` of the row: a and b [rows..., width...] f32 of one shape, weight
 * [rows...] f32 with the first axes of that shape, not negative; the result has a's shape.
 * Source: the blend of DINO's and CLIP's graphs in CASS's published code, `_apply_spectral_strategy`;
 * `kernels/weighted_mean.wgsl`.
 * @throws ShapeError when the shapes do not fit.
 */
export function weightedMean(a: Tensor, b: Tensor, weight: Tensor, factor: number): Tensor {
  for (const [name, tensor] of [
    ['a', a],
    ['b', b],
    ['weight', weight],
  ] as const)
    requireDtype('weightedMean', name, tensor, 'f32');
  requireShape('weightedMean', 'b', b, a.shape);
  requireShape('weightedMean', 'weight', weight, a.shape.slice(0, weight.rank));
  const y = a.device.empty(a.shape);
  a.device.recorder.dispatch({
    kernel: 'weighted_mean',
    params: { size: a.size, width: a.size / weight.size, factor },
    tensors: [a, b, weight, y],
    threads: a.size,
    flops: 4 * a.size,
  });
  return y;
}
