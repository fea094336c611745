import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Which windows to cut out, and their size in pixels. */
export interface WindowCrop {
  /** The first of `corners` that is cut out. Default 0. */
  first?: number;
  /** How many. Default: all from `first` on. */
  count?: number;
  height: number;
  width: number;
}

/**
 * Equally sized windows of images [B, C, H, W] f32, at the same places of each: [B count, C, height, width], those of
 * the first image first. `corners` [windows, 2] u32 holds top and left of each; that the windows lie inside the images
 * is not checked on the device.
 * Source: `forward_slide` of the published segmentors; `kernels/crop_windows.wgsl`.
 * @throws ShapeError when there are too few corners, or a window is larger than the images.
 */
export function cropWindows(images: Tensor, corners: Tensor, crop: WindowCrop): Tensor {
  requireDtype('cropWindows', 'images', images, 'f32');
  requireShape('cropWindows', 'images', images, [-1, -1, -1, -1]);
  requireDtype('cropWindows', 'corners', corners, 'u32');
  requireShape('cropWindows', 'corners', corners, [-1, 2]);
  const [B, channels, imageHeight, imageWidth] = images.shape;
  const { first = 0, height, width } = crop;
  const { count = corners.shape[0] - first } = crop;
  if (first + count > corners.shape[0] || height > imageHeight || width > imageWidth) {
    throw new ShapeError(
      `cropWindows: windows ${first}..${first + count} of ${height} x ${width} do not fit ${corners.shape[0]} ` +
        `corners and ${formatShape(images.shape)}`,
      'cropWindows',
    );
  }
  const y = images.device.empty([B * count, channels, height, width]);
  images.device.recorder.dispatch({
    kernel: 'crop_windows',
    params: { size: y.size, first, count, channels, imageHeight, imageWidth, height, width },
    tensors: [images, corners, y],
    threads: y.size,
    bytes: 8 * y.size,
  });
  return y;
}
