import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, rowLanes } from './checks.ts';

/**
 * Divides every row of the last axis by its Euclidean length; a row of zeros stays zero. f32, same shape.
 * Source: `kernels/l2_normalize.wgsl`.
 * @throws ShapeError when the last axis is empty.
 */
export function l2Normalize(x: Tensor): Tensor {
  const width = lastAxis('l2Normalize', 'x', x);
  requireDtype('l2Normalize', 'x', x, 'f32');
  const rows = x.size / width;
  const lanes = rowLanes(x);
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'l2_normalize',
    constants: { LANES: lanes },
    params: { rows, width },
    tensors: [x, y],
    threads: rows * lanes,
    flops: 3 * x.size,
  });
  return y;
}
