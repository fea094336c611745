import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape, rowLanes } from './checks.ts';

/** CLIP's epsilon (PyTorch's `nn.LayerNorm` default). */
export const LAYER_NORM_EPSILON = 1e-5;

/**
 * LayerNorm over the last axis: `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, biased variance.
 * x [..., width], gamma and beta [width], all f32; the result has x's shape, and is f32 or, for a factor of a
 * product in half precision, f16.
 * Source: Ba et al. 2016, equation 4; `kernels/layer_norm.wgsl`.
 * @throws ShapeError when gamma or beta is not [width].
 */
export function layerNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon = LAYER_NORM_EPSILON,
  dtype: 'f32' | 'f16' = 'f32',
): Tensor {
  const width = lastAxis('layerNorm', 'x', x);
  for (const [name, tensor] of [
    ['x', x],
    ['gamma', gamma],
    ['beta', beta],
  ] as const)
    requireDtype('layerNorm', name, tensor, 'f32');
  requireShape('layerNorm', 'gamma', gamma, [width]);
  requireShape('layerNorm', 'beta', beta, [width]);
  const rows = x.size / width;
  const lanes = rowLanes(x);
  const y = x.device.empty(x.shape, dtype);
  x.device.recorder.dispatch({
    kernel: 'layer_norm',
    constants: dtype === 'f32' ? { LANES: lanes } : { LANES: lanes, Y_ELEMENT: dtype },
    params: { rows, width, eps: epsilon },
    tensors: [x, gamma, beta, y],
    threads: rows * lanes,
    flops: 8 * x.size,
  });
  return y;
}
