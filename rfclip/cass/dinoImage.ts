import { axisKernels } from '../../clip/image/resizeBicubicPillow.ts';
import { channelAffine } from '../../engine/ops/channelAffine.ts';
import { resizeLevels } from '../../engine/ops/resizeLevels.ts';
import type { Tensor } from '../../engine/tensor.ts';

const MEAN = [0.485, 0.456, 0.406];

/** ImageNet's deviations, with which DINO was trained. */
const DEVIATION = [0.229, 0.224, 0.225];

/** What the published code takes for them when it goes back to levels: blue has a slip of the pen, kept to equal it. */
const PUBLISHED_DEVIATION = [0.229, 0.224, 0.255];

/**
 * The picture that CASS shows to DINO, as levels: images [B, 3, H, W] f32, normalised for CLIP, are read as if they had
 * been normalised with ImageNet's statistics, cut to whole levels, and squeezed to a square of their short side S
 * (Pillow's bicubic filter, the ratio is not kept): [B, 3, S, S] f32, 0 to 255. Source: `forward_feature` and
 * `VisionTransformer.forward` of CASS's published code. Levels outside of 0..255, which wrap round there, are clamped;
 * images normalised by `normaliseForDense` have none.
 * @throws ShapeError unless images has three channels.
 */
export function dinoLevels(images: Tensor): Tensor {
  const [, , height, width] = images.shape;
  const short = Math.min(height, width);
  return images.device.scope(() => {
    const factor = PUBLISHED_DEVIATION.map((deviation) => 255 * deviation);
    let levels = channelAffine(
      images,
      factor,
      MEAN.map((mean) => 255 * mean),
      { levels: true },
    ); // [B, 3, H, W]
    if (width !== short) levels = resizeLevels(levels, 3, axisKernels(width, short)); // [B, 3, H, S]
    if (height !== short) levels = resizeLevels(levels, 2, axisKernels(height, short)); // [B, 3, S, S]
    return levels;
  });
}

/** Levels [B, 3, S, S] as DINO wants them: divided by 255, then normalised with ImageNet's mean and deviation. */
export function normaliseForDino(levels: Tensor): Tensor {
  return channelAffine(
    levels,
    DEVIATION.map((deviation) => 1 / (255 * deviation)),
    DEVIATION.map((deviation, channel) => -MEAN[channel] / deviation),
  );
}
