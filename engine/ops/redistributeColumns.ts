import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Per row, masked columns keep the part `keep` of their weight and the rest goes to the unmasked columns in proportion
 * to theirs. x [..., rows, columns] f32, mask [..., columns - skip] f32; the first `skip` rows and columns are copied.
 * Source: RF-CLIP, its published `attn_refocusing`, strategy refocus; there `keep` is called beta.
 * @throws ShapeError when the mask does not fit.
 */
export function redistributeColumns(x: Tensor, mask: Tensor, keep: number, skip: number): Tensor {
  requireDtype('redistributeColumns', 'x', x, 'f32');
  requireDtype('redistributeColumns', 'mask', mask, 'f32');
  requireShape('redistributeColumns', 'x', x, x.rank < 2 ? [-1, -1] : x.shape);
  const [rows, columns] = x.shape.slice(-2);
  requireShape('redistributeColumns', 'mask', mask, [...x.shape.slice(0, -2), columns - skip]);
  const y = x.device.empty(x.shape);
  if (x.size === 0) return y;
  const allRows = x.size / columns;
  x.device.recorder.dispatch({
    kernel: 'redistribute_columns',
    params: { size: allRows, rows, columns, skip, keep },
    tensors: [x, mask, y],
    threads: allRows,
    flops: 4 * x.size,
  });
  return y;
}
