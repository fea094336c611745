import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import { clsTokensInPlace } from '../../clip/tokens.ts';
import type { Tensor } from '../../engine/tensor.ts';

/**
 * CLIP's image feature [B, E] of what leaves the last block, x [B, T, C], or of its CLS row alone, [B, 1, C]: the row,
 * normalised and projected.
 * Source: Radford et al. 2021; `VisionTransformer.forward` in OpenAI CLIP's `model.py`.
 */
export function classFeature(encoder: ImageEncoder, x: Tensor): Tensor {
  const [B, T, C] = x.shape;
  return encoder.device.scope(() => encoder.project(T === 1 ? x.reshape([B, C]) : clsTokensInPlace(x))); // [B, E]
}
