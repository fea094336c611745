import { fiedlerVector, type FiedlerVector, patchAffinity } from '../engine/ops/fiedlerVector.ts';
import { inScopedPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Defocus localisation: the patches on one side of the normalised cut of the key-key attention [B, H, T, T], Attn_kk.
 *
 *     W     = (A + A^T) / 2     with A the mean of Attn_kk over heads, among patches
 *     y     = arg min over y with y^T D 1 = 0 of y^T (D - W) y / y^T D y     with D = diag(W 1)
 *     T_def = { i : y_i > mean of y }
 *
 * y is the Fiedler vector: (D - W) y = lambda D y for the second smallest lambda, with y^T D y = 1 and its component of
 * largest magnitude positive.
 * Source: RF-CLIP, defocus localisation. The mean over heads, making A symmetric, and the sign are choices where the
 * paper leaves them open.
 */
export function locateDefocusTokens(keyKeyAttention: Tensor): FiedlerVector {
  return inScopedPart(keyKeyAttention.device, 'locateDefocusTokens', () =>
    fiedlerVector(patchAffinity(keyKeyAttention)),
  );
}
