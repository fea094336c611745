import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, rowLanes } from './checks.ts';

/** A reduction over the last axis. */
export type RowReduction = 'min' | 'max' | 'sum' | 'mean';

const OPERATION_CODE: Record<RowReduction, number> = { min: 0, max: 1, sum: 2, mean: 3 };

/**
 * Minimum, maximum, sum or mean over the last axis: x [..., width] f32 becomes [...] (a vector becomes [1]).
 * Source: `kernels/row_reduce.wgsl`.
 * @throws ShapeError when the last axis is empty.
 */
export function rowReduce(x: Tensor, reduction: RowReduction): Tensor {
  const width = lastAxis('rowReduce', 'x', x);
  requireDtype('rowReduce', 'x', x, 'f32');
  const rows = x.size / width;
  const lanes = rowLanes(x);
  const y = x.device.empty(x.rank === 1 ? [1] : x.shape.slice(0, -1));
  x.device.recorder.dispatch({
    kernel: 'row_reduce',
    constants: { LANES: lanes, OPERATION: OPERATION_CODE[reduction] },
    params: { rows, width },
    tensors: [x, y],
    threads: rows * lanes,
    flops: x.size,
  });
  return y;
}
