import { headsOfPart, mixHeads, type Qkv } from '../clip/attention.ts';
import { patchPairs, patchRows } from '../clip/tokens.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Values mixed by the patch-to-patch part of summed attention: weights [B, H, T, T] are a sum over layers, `factor` is
 * 1 / layers. Rows are not renormalised after CLS is dropped. The result is [B, N, C].
 * Source: RF-CLIP, layer-averaged key-key attention; `last_attn` of the release.
 */
export function patchAttentionValues(weights: Tensor, qkv: Qkv, factor: number): Tensor {
  return mixHeads(patchPairs(weights), patchRows(headsOfPart(qkv, 'value')), factor);
}
