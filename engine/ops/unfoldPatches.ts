import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Cuts images [batch, channels, height, width] f32 into patches: [batch, gridHeight * gridWidth, channels * patch *
 * patch], patches in row-major order, elements in the order of a convolution's weight. Remainders at the right and
 * bottom are cut off.
 * Source: `nn.Conv2d` with stride = kernel size, as CLIP's patch embedding; `kernels/unfold_patches.wgsl`.
 * @throws ShapeError when an image holds no whole patch.
 */
export function unfoldPatches(image: Tensor, patch: number): Tensor {
  requireDtype('unfoldPatches', 'image', image, 'f32');
  requireShape('unfoldPatches', 'image', image, [-1, -1, -1, -1]);
  const [batch, channels, height, width] = image.shape;
  const gridHeight = Math.floor(height / patch);
  const gridWidth = Math.floor(width / patch);
  if (gridHeight * gridWidth === 0) {
    throw new ShapeError(
      `unfoldPatches: image ${formatShape(image.shape)} is smaller than one patch of ${patch}x${patch}`,
      'unfoldPatches',
    );
  }
  const y = image.device.empty([batch, gridHeight * gridWidth, channels * patch * patch]);
  image.device.recorder.dispatch({
    kernel: 'unfold_patches',
    params: { size: y.size / patch, channels, height, width, side: patch, gridHeight, gridWidth },
    tensors: [image, y],
    threads: y.size / patch,
  });
  return y;
}
