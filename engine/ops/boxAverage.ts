import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * 3x3 mean over a grid of rows with zero padding, always divided by 9. x [batch, skip + gridHeight * gridWidth, width]
 * f32, cells in row-major order after `skip` rows that are copied; same shape.
 * Source: RF-CLIP, the replacement of distraction tokens in its published `feat_denoising` (depthwise `conv2d` with a
 * constant kernel of 1/9, padding 1).
 * @throws ShapeError when the rows are not skip + gridHeight * gridWidth.
 */
export function boxAverage(x: Tensor, gridHeight: number, gridWidth: number, skip = 0): Tensor {
  requireDtype('boxAverage', 'x', x, 'f32');
  requireShape('boxAverage', 'x', x, [-1, skip + gridHeight * gridWidth, -1]);
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'box_average',
    params: { size: x.size, width: x.shape[2], gridHeight, gridWidth, skip },
    tensors: [x, y],
    threads: x.size,
    flops: 9 * x.size,
  });
  return y;
}
