import type { Tensor } from '../tensor.ts';
import { requireDtype, requireMaskedCells, requireShape } from './checks.ts';

/**
 * On the channels listed, masked grid cells take the mean of their in-bounds 8 neighbours' old values.
 * x [batch, skip + gridHeight * gridWidth, width] f32; mask [batch, gridHeight * gridWidth] f32; listed [width] f32, 1
 * for a channel to repair. The first `skip` rows are copied. Same shape as x.
 * Source: RF-CLIP, embedding redistribution; `kernels/repair_channels.wgsl`.
 * @throws ShapeError when the shapes do not fit.
 */
export function repairChannels(
  x: Tensor,
  mask: Tensor,
  listed: Tensor,
  gridHeight: number,
  gridWidth: number,
  skip = 0,
): Tensor {
  const op = 'repairChannels';
  requireMaskedCells(op, x, mask, gridHeight * gridWidth, skip);
  requireDtype(op, 'listed', listed, 'f32');
  requireShape(op, 'listed', listed, [x.shape[2]]);
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'repair_channels',
    params: { size: x.size, width: x.shape[2], gridHeight, gridWidth, skip },
    tensors: [x, mask, listed, y],
    threads: x.size,
  });
  return y;
}
