import type { Tensor } from '../tensor.ts';
import { requireMaskedCells } from './checks.ts';

/** A 3x3 smoothing filter over a grid. */
export type CellFilter = 'mean' | 'lowPass' | 'median';

const FILTER_CODE: Record<CellFilter, number> = { mean: 0, lowPass: 1, median: 2 };

/**
 * Smooths masked grid cells over their in-bounds 3x3 neighbourhood (themselves included, old values), on all channels.
 * x [batch, skip + gridHeight * gridWidth, width] f32; mask [batch, gridHeight * gridWidth] f32; the first `skip` rows
 * are copied. Same shape as x.
 * Source: RF-CLIP, the suppression strategies of its ablation study; `kernels/filter_cells.wgsl`.
 * @throws ShapeError when the shapes do not fit.
 */
export function filterCells(
  x: Tensor,
  mask: Tensor,
  gridHeight: number,
  gridWidth: number,
  filter: CellFilter,
  skip = 0,
): Tensor {
  const op = 'filterCells';
  requireMaskedCells(op, x, mask, gridHeight * gridWidth, skip);
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'filter_cells',
    constants: { FILTER: FILTER_CODE[filter] },
    params: { size: x.size, width: x.shape[2], gridHeight, gridWidth, skip },
    tensors: [x, mask, y],
    threads: x.size,
    flops: 18 * x.size,
  });
  return y;
}
