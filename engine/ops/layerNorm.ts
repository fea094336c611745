import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape, rowLanes } from './checks.ts';

/** CLIP's epsilon (PyTorch's `nn.LayerNorm` default). */
export const LAYER_NORM_EPSILON = 1e-5;

/** Weights of a LayerNorm over rows of a width, f32 [width], and how its result is stored. */
export interface LayerNormOptions {
  gamma: Tensor;
  beta: Tensor;
  /** Default: `LAYER_NORM_EPSILON`. */
  epsilon?: number;
  /** Default f32; f16 for a factor of a product in half precision. */
  dtype?: 'f32' | 'f16';
}

/** @throws ShapeError unless gamma and beta are f32 [width]. */
export function requireLayerNorm(op: string, { gamma, beta }: LayerNormOptions, width: number): void {
  for (const [name, tensor] of Object.entries({ gamma, beta })) {
    requireDtype(op, name, tensor, 'f32');
    requireShape(op, name, tensor, [width]);
  }
}

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
  return recordLayerNorm(x, x.shape, { gamma, beta, epsilon, dtype });
}

/**
 * `layerNorm` of the mean of two tensors one behind the other, `blend(x.rows(0, n), 0.5, x.rows(n), 0.5)` in the same
 * launch: x [2 n, ..., width] becomes [n, ..., width].
 * @throws ShapeError as `layerNorm`, or when the first axis is odd.
 */
export function layerNormOfMean(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = LAYER_NORM_EPSILON): Tensor {
  const [two, ...rest] = x.shape;
  if (x.rank < 2 || two % 2 !== 0)
    throw new ShapeError(
      `layerNormOfMean: x is ${formatShape(x.shape)}, expected two tensors behind each other`,
      'layerNormOfMean',
    );
  return recordLayerNorm(x, [two / 2, ...rest], { gamma, beta, epsilon });
}

function recordLayerNorm(
  x: Tensor,
  shape: readonly number[],
  { gamma, beta, epsilon = LAYER_NORM_EPSILON, dtype = 'f32' }: LayerNormOptions,
): Tensor {
  const width = lastAxis('layerNorm', 'x', x);
  requireDtype('layerNorm', 'x', x, 'f32');
  requireLayerNorm('layerNorm', { gamma, beta }, width);
  const lanes = rowLanes(x);
  const y = x.device.empty(shape, dtype);
  const rows = y.size / width;
  const ofMean = y.size !== x.size;
  x.device.recorder.dispatch({
    kernel: 'layer_norm',
    constants: { LANES: lanes, OF_MEAN: ofMean, ...(dtype === 'f32' ? {} : { Y_ELEMENT: dtype }) },
    params: { rows, width, eps: epsilon },
    tensors: [x, gamma, beta, y],
    threads: rows * lanes,
    flops: 8 * y.size,
  });
  return y;
}
