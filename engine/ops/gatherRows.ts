import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Rows of a table by index: table [entries, width] f32, index [...] u32 below entries (not checked on the device);
 * the result is [..., width].
 * Source: `kernels/gather_rows.wgsl`.
 * @throws ShapeError when the table is not a matrix or the index is not u32.
 */
export function gatherRows(table: Tensor, index: Tensor): Tensor {
  requireDtype('gatherRows', 'table', table, 'f32');
  requireDtype('gatherRows', 'index', index, 'u32');
  requireShape('gatherRows', 'table', table, [-1, -1]);
  const width = table.shape[1];
  const y = table.device.empty([...index.shape, width]);
  table.device.recorder.dispatch({
    kernel: 'gather_rows',
    params: { size: y.size, width },
    tensors: [table, index, y],
    threads: y.size,
    bytes: 8 * y.size,
  });
  return y;
}
