import { ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Neighbour weights fit a fixed array of 64 in the kernel. */
export const MAXIMUM_PAMR_DILATIONS = 8;

/**
 * Affinity of every pixel to its 8 neighbours at each dilation: image [height, width, 3] f32, dilations [count] u32,
 * result [height, width, 8 * count], rows sum to 1.
 * Source: Araslanov and Roth, CVPR 2020; the published PAMR module. `kernels/pamr_affinity.wgsl`.
 * @throws ShapeError for another number of channels or more than 8 dilations.
 */
export function pamrAffinity(image: Tensor, dilations: Tensor): Tensor {
  requireDtype('pamrAffinity', 'image', image, 'f32');
  requireShape('pamrAffinity', 'image', image, [-1, -1, 3]);
  requireDtype('pamrAffinity', 'dilations', dilations, 'u32');
  requireShape('pamrAffinity', 'dilations', dilations, [-1]);
  const [height, width] = image.shape;
  const count = dilations.size;
  if (count < 1 || count > MAXIMUM_PAMR_DILATIONS)
    throw new ShapeError(`pamrAffinity: ${count} dilations, expected 1 to ${MAXIMUM_PAMR_DILATIONS}`, 'pamrAffinity');
  const weights = image.device.empty([height, width, 8 * count]);
  image.device.recorder.dispatch({
    kernel: 'pamr_affinity',
    params: { height, width, count },
    tensors: [image, dilations, weights],
    threads: height * width,
    flops: 60 * weights.size,
  });
  return weights;
}

/**
 * One refinement step: every pixel of x [height, width, channels] f32 becomes the weighted mean of its neighbours.
 * `weights` is the result of `pamrAffinity` with the same dilations.
 * @throws ShapeError when the sizes differ.
 */
export function pamrStep(weights: Tensor, x: Tensor, dilations: Tensor): Tensor {
  requireDtype('pamrStep', 'x', x, 'f32');
  requireDtype('pamrStep', 'weights', weights, 'f32');
  requireDtype('pamrStep', 'dilations', dilations, 'u32');
  requireShape('pamrStep', 'x', x, [-1, -1, -1]);
  const [height, width, channels] = x.shape;
  const count = dilations.size;
  requireShape('pamrStep', 'weights', weights, [height, width, 8 * count]);
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'pamr_step',
    params: { size: x.size, height, width, channels, count },
    tensors: [weights, x, dilations, y],
    threads: x.size,
    flops: 16 * count * x.size,
  });
  return y;
}
