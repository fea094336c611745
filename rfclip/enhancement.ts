import { stridedMatmul } from '../engine/ops/matmul.ts';
import { l2Normalize } from '../engine/ops/l2Normalize.ts';
import { zeroBelow } from '../engine/ops/threshold.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Cosine similarities of the patch tokens of a guide [B, T, C]: [B, N, N].
 */
export function patchCosines(guide: Tensor): Tensor {
  const [B, T, C] = guide.shape;
  const N = T - 1;
  const { device } = guide;
  return device.scope(() => {
    const unit = l2Normalize(guide); // [B, T, C]
    const cosines = device.empty([B, N, N]);
    const rows = { tensor: unit, offset: C, rowStride: C, innerStride: T * C, outerStride: 0 };
    stridedMatmul(
      rows,
      rows,
      { tensor: cosines, offset: 0, rowStride: N, innerStride: N * N, outerStride: 0 },
      { m: N, n: N, k: C, outer: 1, inner: B },
      { transposeB: true },
    );
    return cosines;
  });
}

/**
 * Guided feature enhancement: the patch tokens of x [B, T, C] become `S x`, where S are the guide's cosine similarities
 * [B, N, N] with entries below the threshold set to 0. Rows of S are not normalised. CLS is kept.
 * Source: the release's `feat_enhancing`.
 */
export function enhance(x: Tensor, cosines: Tensor, threshold: number): Tensor {
  const [B, T, C] = x.shape;
  const N = T - 1;
  return x.device.scope(() => {
    const similarity = zeroBelow(cosines, threshold); // [B, N, N]
    const out = x.clone(); // [B, T, C]
    stridedMatmul(
      { tensor: similarity, offset: 0, rowStride: N, innerStride: N * N, outerStride: 0 },
      { tensor: x, offset: C, rowStride: C, innerStride: T * C, outerStride: 0 },
      { tensor: out, offset: C, rowStride: C, innerStride: T * C, outerStride: 0 },
      { m: N, n: C, k: N, outer: 1, inner: B },
    );
    return out;
  });
}
