import { attentionWeights, headsOfPart, mixHeads, type Qkv } from '../clip/attention.ts';
import type { ImageEncoder } from '../clip/imageEncoder.ts';
import { patchPairs, patchRows } from '../clip/tokens.ts';
import { projectOut, projectQkv } from '../clip/transformerBlock.ts';
import { add } from '../engine/ops/blend.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { LayerSum } from './layerSum.ts';
import type { Trace } from './trace.ts';

/**
 * Key-key attention of a layer, over all tokens: [B, H, T, T].
 *
 *     Attn_kk = softmax(k k^T / sqrt(D))
 *
 * It joins `layers`, where given. Source: RF-CLIP, layer-averaged key-key attention; `attn_refocusing` of the release.
 */
export function keyKeyAttention(qkv: Qkv, layers?: LayerSum, trace?: Trace): Tensor {
  const attention = attentionWeights(qkv, 'key', 'key'); // [B, H, T, T]
  layers?.add(attention);
  trace?.('attn_kk', attention);
  return attention;
}

/**
 * Dense prediction: the last block mixes its values by the key-key attention averaged over all L layers, instead of by
 * its query-key attention, and keeps only the output projection: no residual, no MLP, no CLS.
 *
 *     out = P(1/L sum over l of Attn_kk^l) v W_o + b_o
 *
 * P takes the weights among patches, whose rows then add up to less than 1. x [B, T, C] is what enters the last block,
 * `earlier` the sum over the layers before it; the result is [B, N, C], still to be projected.
 * Source: RF-CLIP, layer-averaged key-key attention; `last_attn` of the release.
 */
export function readOut(encoder: ImageEncoder, x: Tensor, earlier: LayerSum, trace?: Trace): Tensor {
  const weights = encoder.blocks.at(-1)!;
  const L = encoder.blocks.length;
  return encoder.device.scope(() => {
    const qkv = projectQkv(x, weights, encoder.config.vision.heads); // [B, T, 3 C]
    const own = keyKeyAttention(qkv); // [B, H, T, T]
    const total = earlier.count === 0 ? own : add(earlier.sum, own); // [B, H, T, T]
    const mixed = mixHeads(patchPairs(total), patchRows(headsOfPart(qkv, 'value')), 1 / L); // [B, N, C]
    const out = projectOut(mixed, weights); // [B, N, C]
    trace?.('attn_kk_last_layer', own);
    trace?.('attn_kk_sum', total);
    trace?.('out', out);
    return out;
  });
}
