import { patchRows } from '../clip/tokens.ts';
import { keepSimilar } from '../engine/ops/keepSimilar.ts';
import { l2Normalize } from '../engine/ops/l2Normalize.ts';
import { matmul, matmulViews } from '../engine/ops/matmul.ts';
import { matricesOf } from '../engine/ops/matrixViews.ts';
import { zeroBelow } from '../engine/ops/threshold.ts';
import { inScopedPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Cosine similarities of the patch tokens of a guide g [B, T, C], [B, N, N]: `S_ij = g_i . g_j / (|g_i| |g_j|)`.
 * Source: the release's `feat_enhancing`.
 */
export function patchCosines(guide: Tensor): Tensor {
  const [B, T] = guide.shape;
  const N = T - 1;
  const { device } = guide;
  return inScopedPart(device, 'patchCosines', () => {
    const unit = l2Normalize(guide); // [B, T, C]
    const cosines = device.empty([B, N, N]);
    const patches = patchRows(matricesOf(unit)); // B matrices [N, C]
    matmulViews(patches, patches, matricesOf(cosines), { transposeB: true });
    return cosines;
  });
}

/**
 * Guided feature enhancement, which the paper does not describe, of the patch tokens of x [B, T, C]:
 *
 *     x_i <- sum over j with S_ij >= threshold of S_ij x_j     with S the guide's cosine similarities [B, N, N]
 *
 * Rows of S are not normalised, so a token grows with the number of its like. CLS is kept.
 * Source: the release's `feat_enhancing`.
 */
export function enhance(x: Tensor, cosines: Tensor, threshold: number): Tensor {
  return inScopedPart(x.device, 'enhance', () => {
    const similarity = zeroBelow(cosines, threshold); // [B, N, N]
    const out = x.clone(); // [B, T, C]
    matmulViews(matricesOf(similarity), patchRows(matricesOf(x)), patchRows(matricesOf(out)));
    return out;
  });
}

/**
 * `enhance` of k tensors one behind the other, x [k B, T, C], by the `patchCosines` of one guide [B, T, C], in fewer
 * launches: CLS is a token of weight 1 for itself.
 */
export function enhanceTogether(x: Tensor, guide: Tensor, threshold: number): Tensor {
  const [B, T, C] = guide.shape;
  return inScopedPart(x.device, 'enhanceTogether', () => {
    const unit = l2Normalize(guide); // [B, T, C]
    const similarity = keepSimilar(matmul(unit, unit, { transposeB: true }), threshold, 1); // [B, T, T]
    const out = x.device.empty(x.shape); // [k B, T, C]
    const [from, into] = [x, out].map((tokens) => matricesOf(tokens.reshape([-1, B, T, C]))); // k x B matrices [T, C]
    matmulViews(matricesOf(similarity), from, into);
    return out;
  });
}
