import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape } from './checks.ts';

/**
 * Columns `begin` to `end` (exclusive) of the last axis: x [..., width] f32 becomes [..., end - begin].
 * Source: `kernels/copy_columns.wgsl`.
 * @throws ShapeError when the range is outside the axis.
 */
export function sliceColumns(x: Tensor, begin: number, end: number): Tensor {
  requireDtype('sliceColumns', 'x', x, 'f32');
  const width = lastAxis('sliceColumns', 'x', x);
  if (!(begin >= 0 && begin < end && end <= width))
    throw new ShapeError(
      `sliceColumns: ${begin}..${end} is outside the last axis of ${formatShape(x.shape)}`,
      'sliceColumns',
    );
  const y = x.device.empty([...x.shape.slice(0, -1), end - begin]);
  copyColumns(x, width, begin, 0, y, end - begin, 0, end - begin);
  return y;
}

/**
 * Rows `firstRow .. firstRow + rows` of several matrices side by side: blocks [any, width_i] f32 become
 * [rows, sum of width_i].
 * Source: `torch.cat(dim=1)`; `kernels/copy_columns.wgsl`.
 * @throws ShapeError when there is no block, or one has too few rows.
 */
export function concatColumns(blocks: readonly Tensor[], firstRow: number, rows: number): Tensor {
  if (blocks.length === 0) throw new ShapeError('concatColumns: no blocks, expected at least one', 'concatColumns');
  for (const block of blocks) {
    requireDtype('concatColumns', 'block', block, 'f32');
    requireShape('concatColumns', 'block', block, [-1, -1]);
    if (!(firstRow >= 0 && firstRow + rows <= block.shape[0])) {
      throw new ShapeError(
        `concatColumns: rows ${firstRow}..${firstRow + rows} of a block of ${block.shape[0]}`,
        'concatColumns',
      );
    }
  }
  const total = blocks.reduce((sum, block) => sum + block.shape[1], 0);
  const y = blocks[0].device.empty([rows, total]);
  let at = 0;
  for (const block of blocks) {
    const width = block.shape[1];
    copyColumns(block, width, 0, firstRow, y, total, at, width);
    at += width;
  }
  return y;
}

function copyColumns(
  x: Tensor,
  xWidth: number,
  xAt: number,
  firstRow: number,
  y: Tensor,
  yWidth: number,
  yAt: number,
  width: number,
): void {
  if (y.size === 0 || width === 0) return;
  const size = (y.size / yWidth) * width;
  y.device.recorder.dispatch({
    kernel: 'copy_columns',
    params: { size, width, firstRow, xWidth, xAt, yWidth, yAt },
    tensors: [x, y],
    threads: size,
    bytes: 8 * size,
  });
}
