import { ShapeError } from '../errors.ts';
import { foldWorkgroups } from '../recorder.ts';
import type { Tensor } from '../tensor.ts';
import { elementGroups, requireDtype, requireShape } from './checks.ts';

/**
 * Rows `firstRow .. firstRow + rows` of several matrices side by side: blocks [any, width_i] f32 become
 * [rows, sum of width_i].
 * Source: `torch.cat(dim=1)`; `kernels/copy_columns.wgsl`.
 * @throws ShapeError when a block has too few rows.
 */
export function concatColumns(blocks: readonly Tensor[], firstRow: number, rows: number): Tensor {
  const total = blocks.reduce((sum, block) => sum + block.shape[1], 0);
  const y = blocks[0].device.empty([rows, total]);
  let at = 0;
  for (const block of blocks) {
    requireDtype('concatColumns', 'block', block, 'f32');
    requireShape('concatColumns', 'block', block, [-1, -1]);
    const [available, width] = block.shape;
    if (firstRow + rows > available) throw new ShapeError(`concatColumns: rows ${firstRow}..${firstRow + rows} of a block of ${available}`, 'concatColumns');
    block.device.recorder.dispatch({
      kernel: 'copy_columns',
      integers: [rows * width, width, firstRow, total, at],
      tensors: [block, y],
      outputs: [y],
      workgroups: foldWorkgroups(elementGroups(rows * width)),
    });
    at += width;
  }
  return y;
}
