import { type Qkv, partView, qkvSizes } from '../clip/attention.ts';
import { stridedMatmul } from '../engine/ops/matmul.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Values mixed by the patch-to-patch part of summed attention: weights [B, H, T, T] are a sum over layers, `factor` is
 * 1 / layers. Rows are not renormalised after CLS is dropped. The result is [B, N, C].
 * Source: RF-CLIP, layer-averaged key-key attention; `last_attn` of the release.
 */
export function patchAttentionValues(weights: Tensor, qkv: Qkv, factor: number): Tensor {
  const { B, T, C, H, D } = qkvSizes(qkv);
  const N = T - 1;
  const out = weights.device.empty([B, N, C]);
  stridedMatmul(
    { tensor: weights, offset: T + 1, rowStride: T, innerStride: T * T, outerStride: H * T * T },
    partView(qkv, 'value', 1),
    { tensor: out, offset: 0, rowStride: C, innerStride: D, outerStride: N * C },
    { m: N, n: D, k: N, outer: B, inner: H },
    { scale: factor },
  );
  return out;
}
