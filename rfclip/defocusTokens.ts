import { fiedlerVector, type FiedlerVector, patchAffinity } from '../engine/ops/fiedlerVector.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Defocus localisation: the patches on one side of the normalised cut of the key-key attention [B, H, T, T]. The
 * Fiedler vector's sign makes its component of largest magnitude positive; defocus tokens are those above its mean.
 * Source: RF-CLIP, defocus localisation. The sign rule is a choice where the paper leaves it open.
 */
export function locateDefocusTokens(keyKeyAttention: Tensor): FiedlerVector {
  return keyKeyAttention.device.scope(() => fiedlerVector(patchAffinity(keyKeyAttention)));
}
