import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * `factor[c] * x + offset[c]` for images [batch, channels, height, width] f32; same shape. With `levels`, the results
 * are cut to whole levels from 0 to 255, still as f32.
 * Source: torchvision's `Normalize` (factor 1 / std, offset -mean / std) and numpy's `astype('uint8')`;
 * `kernels/channel_affine.wgsl`.
 * @throws ShapeError when there is not one factor and one offset per channel.
 */
export function channelAffine(
  x: Tensor,
  factor: readonly number[],
  offset: readonly number[],
  options: { levels?: boolean } = {},
): Tensor {
  requireDtype('channelAffine', 'x', x, 'f32');
  requireShape('channelAffine', 'x', x, [-1, -1, -1, -1]);
  const [, channels, height, width] = x.shape;
  const { device } = x;
  return device.scope(() => {
    const [factors, offsets] = [factor, offset].map((values) => device.tensor(values, [values.length]));
    requireShape('channelAffine', 'factor', factors, [channels]);
    requireShape('channelAffine', 'offset', offsets, [channels]);
    const y = device.empty(x.shape);
    device.recorder.dispatch({
      kernel: 'channel_affine',
      constants: { LEVELS: options.levels ?? false },
      params: { size: x.size, channels, pixels: height * width },
      tensors: [x, factors, offsets, y],
      threads: x.size,
      flops: 2 * x.size,
    });
    return y;
  });
}
