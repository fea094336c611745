import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape, rowLanes } from './checks.ts';

/** How `softmax` treats its rows. */
export interface SoftmaxOptions {
  /** Multiplies x before the exponential (1/sqrt(head width) in attention). Default 1. */
  scale?: number;
  /** The last two axes are [T, T], and row t sees columns 0..t only, as CLIP's text transformer. */
  causal?: boolean;
  /** Added to the result; x's shape, f32. */
  addend?: Tensor;
}

/**
 * Softmax of `scale * x` over the last axis, plus `addend`; the softmax of masked columns is 0. f32, same shape.
 * Source: `kernels/softmax.wgsl`; the causal mask is CLIP's `build_attention_mask`.
 * @throws ShapeError when `causal` and the last two axes differ, or the addend's shape is another.
 */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  const { scale = 1, causal = false, addend } = options;
  const width = lastAxis('softmax', 'x', x);
  requireDtype('softmax', 'x', x, 'f32');
  if (causal && x.shape.at(-2) !== width) {
    throw new ShapeError(`softmax: a causal mask needs square matrices, found ${formatShape(x.shape)}`, 'softmax');
  }
  if (addend !== undefined) {
    requireDtype('softmax', 'addend', addend, 'f32');
    requireShape('softmax', 'addend', addend, x.shape);
  }
  const rows = x.size / width;
  const lanes = rowLanes(x);
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'softmax',
    constants: { LANES: lanes, HAS_ADDEND: addend !== undefined },
    params: { rows, width, scale, causal: +causal },
    tensors: [x, addend ?? x.device.placeholder, y],
    threads: rows * lanes,
    flops: 5 * x.size,
  });
  return y;
}
