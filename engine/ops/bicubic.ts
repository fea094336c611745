import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Bicubic interpolation (A = -0.75, half-pixel centres, clamped borders) of x [height, width, channels] f32 to
 * [outHeight, outWidth, channels]. `stepY` and `stepX` are source pixels per output pixel; the default is
 * height/outHeight and width/outWidth.
 * Source: `torch.nn.functional.interpolate(mode='bicubic', scale_factor=...)`, which uses 1/scale_factor as the step.
 * @throws ShapeError when x is not of rank 3 or has no pixel.
 */
export function bicubic(x: Tensor, outHeight: number, outWidth: number, stepY?: number, stepX?: number): Tensor {
  requireDtype('bicubic', 'x', x, 'f32');
  requireShape('bicubic', 'x', x, [-1, -1, -1]);
  const [height, width, channels] = x.shape;
  if (height * width === 0)
    throw new ShapeError(`bicubic: x is ${formatShape(x.shape)}, expected at least one pixel`, 'bicubic');
  const y = x.device.empty([outHeight, outWidth, channels]);
  x.device.recorder.dispatch({
    kernel: 'bicubic',
    params: {
      size: y.size,
      channels,
      height,
      width,
      outWidth,
      stepY: stepY ?? height / outHeight,
      stepX: stepX ?? width / outWidth,
    },
    tensors: [x, y],
    threads: y.size,
    flops: 40 * y.size,
  });
  return y;
}
