import { bilinear } from '../engine/ops/bilinear.ts';
import { pamrAffinity, pamrStep } from '../engine/ops/pamr.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Settings } from './settings.ts';

/**
 * Pixel-adaptive mask refinement: several steps of averaging `logits` [H, W, channels] over neighbours that look alike
 * in `image` [h, w, 3], which is first resized to [H, W]. Channels are refined independently.
 * Source: Araslanov and Roth, CVPR 2020; the PAMR module of the published segmentors.
 */
export function refineMasks(
  image: Tensor,
  logits: readonly Tensor[],
  settings: Pick<Settings, 'pamrSteps' | 'pamrDilations'>,
): Tensor[] {
  const { device } = image;
  const [H, W] = logits[0].shape;
  return device.scope(() => {
    const dilations = device.tensor(settings.pamrDilations, [settings.pamrDilations.length], 'u32');
    const sized = bilinear(image.reshape([1, ...image.shape]), H, W).reshape([H, W, 3]);
    const weights = pamrAffinity(sized, dilations); // [H, W, 8 * dilations]
    return logits.map((block) => {
      let refined = block;
      for (let step = 0; step < settings.pamrSteps; step++) {
        const input = refined;
        refined = pamrStep(weights, input, dilations); // [H, W, channels]
        if (step > 0) input.dispose();
      }
      return refined;
    });
  });
}
