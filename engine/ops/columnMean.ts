import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Column sums of matrices without their first `skip` rows and columns, divided by `divisor`:
 * x [..., rows, columns] f32 becomes [..., columns - skip].
 * Source: RF-CLIP, the sink score of its published `attn_refocusing` (skip 1, divided by the number of tokens).
 * @throws ShapeError when x has fewer than 2 axes.
 */
export function columnMean(x: Tensor, skip: number, divisor: number): Tensor {
  requireDtype('columnMean', 'x', x, 'f32');
  requireShape('columnMean', 'x', x, x.rank < 2 ? [-1, -1] : x.shape);
  const [rows, columns] = x.shape.slice(-2);
  const y = x.device.empty([...x.shape.slice(0, -2), columns - skip]);
  x.device.recorder.dispatch({
    kernel: 'column_mean',
    params: { size: y.size, rows, columns, skip, divisor },
    tensors: [x, y],
    threads: y.size,
    flops: x.size,
  });
  return y;
}
