import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype } from './checks.ts';

/** What each output sample of a resize along one axis is made of. */
export interface AxisWeights {
  /** [length]: first input sample of every output sample. */
  start: ArrayLike<number>;
  /** [length]: how many input samples follow. */
  count: ArrayLike<number>;
  /** [length, stride]: their whole weights, in units of 2^-22. */
  weights: ArrayLike<number>;
  stride: number;
}

/**
 * Resizes whole levels 0..255 (as f32) along one axis of x by integer weights, exactly: x [..., length, ...] becomes
 * [..., start.length, ...].
 * Source: `ImagingResampleHorizontal_8bpc` and `...Vertical_8bpc` of Pillow; `kernels/resize_levels.wgsl`.
 * @throws ShapeError when x has no such axis, or a weight lies outside of it.
 */
export function resizeLevels(x: Tensor, axis: number, table: AxisWeights): Tensor {
  requireDtype('resizeLevels', 'x', x, 'f32');
  const inLength = x.shape[axis];
  const { start, count, weights, stride } = table;
  const outLength = start.length;
  if (inLength === undefined)
    throw new ShapeError(`resizeLevels: ${formatShape(x.shape)} has no axis ${axis}`, 'resizeLevels');
  for (let i = 0; i < outLength; i++) {
    if (start[i] < 0 || count[i] > stride || start[i] + count[i] > inLength) {
      throw new ShapeError(
        `resizeLevels: sample ${i} needs inputs ${start[i]}..${start[i] + count[i]} of an axis of ${inLength}`,
        'resizeLevels',
      );
    }
  }
  const { device } = x;
  const inner = x.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return device.scope(() => {
    const y = device.empty(x.shape.map((size, i) => (i === axis ? outLength : size)));
    const starts = device.tensor(start, [outLength], 'u32');
    const counts = device.tensor(count, [outLength], 'u32');
    const values = device.tensor(weights, [outLength, stride], 'i32');
    device.recorder.dispatch({
      kernel: 'resize_levels',
      params: { size: y.size, inLength, outLength, inner, stride },
      tensors: [x, starts, counts, values, y],
      threads: y.size,
      flops: 2 * stride * y.size,
    });
    return y;
  });
}
