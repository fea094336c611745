import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import { clsTokens } from '../../clip/tokens.ts';
import type { Tensor } from '../../engine/tensor.ts';

/**
 * CLIP's image feature [B, E] of what leaves the last block, x [B, T, C]: the CLS row, normalised and projected.
 * Source: Radford et al. 2021; `VisionTransformer.forward` in OpenAI CLIP's `model.py`.
 */
export function classFeature(encoder: ImageEncoder, x: Tensor): Tensor {
  return encoder.project(clsTokens(x)); // [B, E]
}
