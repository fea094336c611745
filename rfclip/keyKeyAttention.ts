import { attentionWeights, headsOfPart, mixHeads, type Qkv, qkvSizes } from '../clip/attention.ts';
import type { ImageEncoder } from '../clip/imageEncoder.ts';
import { patchPairs, patchRows } from '../clip/tokens.ts';
import { projectKeyValue, projectOut } from '../clip/transformerBlock.ts';
import { add } from '../engine/ops/blend.ts';
import { flashAttention } from '../engine/ops/flashAttention.ts';
import { matmulViews } from '../engine/ops/matmul.ts';
import { columnBlocks, outerRange } from '../engine/ops/matrixViews.ts';
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

/**
 * `readOut` of several x one behind the other, [k B, T, C], with one sum of the earlier layers: [k B, N, C]. The last
 * layer's own attention never lies in memory:
 *
 *     out = 1/L (P(sum over l < L of Attn_kk^l) v + P(Attn_kk^L) v) W_o + b_o
 *
 * On GPUs only, and where `earlier` is not empty.
 */
export function readOutTogether(encoder: ImageEncoder, x: Tensor, earlier: LayerSum): Tensor {
  const weights = encoder.blocks.at(-1)!;
  const L = encoder.blocks.length;
  const { device } = encoder;
  return inScopedPart(device, 'readOutTogether', () => {
    const qkv = projectKeyValue(x, weights, encoder.config.vision.heads); // [k B, T, 2 C]
    const { T, C, H, D } = qkvSizes(qkv);
    const [keys, values] = [headsOfPart(qkv, 'key'), headsOfPart(qkv, 'value')]; // k B x H matrices [T, D]
    const [own, mixed] = [0, 1].map(() => device.empty([x.shape[0], T - 1, C])); // [k B, N, C]
    flashAttention(patchRows(keys), keys, values, columnBlocks(own, H), { scale: 1 / Math.sqrt(D), skip: 1 });
    const [B] = earlier.sum.shape;
    for (let first = 0; first < x.shape[0]; first += B) {
      const patches = outerRange(patchRows(values), first, B); // B x H matrices [N, D]
      const out = outerRange(columnBlocks(mixed, H), first, B);
      matmulViews(patchPairs(earlier.sum), patches, out, { residual: own });
    }
    return projectOut(mixed, weights, undefined, 1 / L); // [k B, N, C]
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
