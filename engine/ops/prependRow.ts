import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Puts `row` [width] before the rows of every batch of x [batch, rows, width]: [batch, rows + 1, width]. f32.
 * Source: the class embedding of a ViT; `kernels/prepend_row.wgsl`.
 * @throws ShapeError when the widths differ.
 */
export function prependRow(x: Tensor, row: Tensor): Tensor {
  requireDtype('prependRow', 'x', x, 'f32');
  requireDtype('prependRow', 'row', row, 'f32');
  requireShape('prependRow', 'x', x, [-1, -1, -1]);
  const [batch, rows, width] = x.shape;
  requireShape('prependRow', 'row', row, [width]);
  const y = x.device.empty([batch, rows + 1, width]);
  x.device.recorder.dispatch({
    kernel: 'prepend_row',
    params: { size: y.size, rows, width },
    tensors: [x, row, y],
    threads: y.size,
  });
  return y;
}
