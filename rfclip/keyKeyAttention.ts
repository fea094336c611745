import { attentionWeights, headsOfPart, mixHeads, type Qkv } from '../clip/attention.ts';
import type { ImageEncoder } from '../clip/imageEncoder.ts';
import { patchPairs, patchRows } from '../clip/tokens.ts';
import { projectKeyValue, projectOut } from '../clip/transformerBlock.ts';
import { add } from '../engine/ops/blend.ts';
import { inScopedPart } from '../engine/parts.ts';
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

/** Lets the key-key attention of a layer join `layers` in the launch that makes it, where nobody needs it by itself. */
export function joinKeyKeyAttention(qkv: Qkv, layers: LayerSum): void {
  layers.join((addend) => attentionWeights(qkv, 'key', 'key', { addend })); // [B, H, T, T]
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
  return inScopedPart(encoder.device, 'readOut', () => {
    const qkv = projectKeyValue(x, weights, encoder.config.vision.heads); // [B, T, 2 C]
    const total = totalAttention(qkv, earlier, trace); // [B, H, T, T]
    const mixed = mixHeads(patchPairs(total), patchRows(headsOfPart(qkv, 'value')), 1 / L); // [B, N, C]
    const out = projectOut(mixed, weights); // [B, N, C]
    trace?.('out', out);
    return out;
  });
}

/** The sum over the layers before and this one. */
function totalAttention(qkv: Qkv, earlier: LayerSum, trace?: Trace): Tensor {
  const addend = earlier.count === 0 ? undefined : earlier.sum;
  if (trace === undefined) return attentionWeights(qkv, 'key', 'key', { addend });
  const own = keyKeyAttention(qkv); // [B, H, T, T]
  const total = addend === undefined ? own : add(addend, own); // [B, H, T, T]
  trace('attn_kk_last_layer', own);
  trace('attn_kk_sum', total);
  return total;
}
