import { attentionValues, attentionWeights } from '../../clip/attention.ts';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import { type AttentionPolicy, projectOut, projectQkv, queryKeyAttention, transformerBlock } from '../../clip/transformerBlock.ts';
import { channelShare } from '../../engine/ops/channelShare.ts';
import { add } from '../../engine/ops/blend.ts';
import { moveAttention } from '../../engine/ops/moveAttention.ts';
import { repairChannels } from '../../engine/ops/repairChannels.ts';
import { greaterThan } from '../../engine/ops/threshold.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { locateDefocusTokens } from '../defocus.ts';
import { patchAttentionValues } from '../keyKeyAttention.ts';
import { LayerSum } from '../layerSum.ts';
import type { DenseMethod, Trace } from './denseMethod.ts';
import { clsTokens, patchTokens } from './tokens.ts';

/** Parameters of RF-CLIP as the paper describes it. */
export interface RfclipPaperOptions {
  distractionDimensions: readonly number[];
  /** A token is a distraction token where its score exceeds sigma / C (the paper's tau = 5/d). */
  sigma: number;
  /** Part of the attention that is taken from distraction tokens. */
  beta: number;
  /** Whether the CLS row of the attention is redistributed too. */
  classRow: boolean;
  /** Where the distraction tokens of a layer's attention are found: in its input, or after the layer before. */
  maskSource: 'blockInput' | 'previousOutput';
}

/** The paper's values; the last two are choices where it leaves them open. */
export const RFCLIP_PAPER_DEFAULTS = { sigma: 5, beta: 0.7, classRow: true, maskSource: 'blockInput' } as const;

/**
 * RF-CLIP as the paper describes it: in every layer but the last, attention to distraction tokens is redistributed to
 * defocus tokens, and after the block the distraction dimensions of distraction tokens are redistributed from their
 * neighbours; dense features are read out by key-key attention averaged over the layers.
 * Source: RF-CLIP, AAAI 2026, section on distraction, attention and embedding redistribution.
 */
export function makeRfclipPaper(options: RfclipPaperOptions): DenseMethod {
  return {
    name: 'rfclip-paper',
    summary: 'attention and embeddings of distraction tokens redistributed as the paper describes',
    source: 'RF-CLIP, AAAI 2026 (the paper, not the release)',
    encode(encoder, images, trace) {
      const keyKey = new LayerSum();
      try {
        return encoder.device.scope(() => {
          const x = runRedistributedBlocks(encoder, images, options, keyKey, trace); // [B, T, C]
          const weights = encoder.blocks.at(-1)!;
          const qkv = projectQkv(x, weights, encoder.config.vision.heads); // [B, T, 3 C]
          const own = attentionWeights(qkv, 'key', 'key'); // [B, H, T, T]
          const total = keyKey.count === 0 ? own : add(keyKey.sum, own); // [B, H, T, T]
          const out = projectOut(patchAttentionValues(total, qkv, 1 / encoder.blocks.length), weights); // [B, N, C]
          trace?.('last/out', out);
          return { patches: encoder.project(out), cls: classFeature(encoder, x) };
        });
      } finally {
        keyKey.dispose();
      }
    },
    encodeClass: (encoder, images) => encoder.device.scope(() => classFeature(encoder, runRedistributedBlocks(encoder, images, options))),
  };
}

function classFeature(encoder: ImageEncoder, x: Tensor): Tensor {
  const last = transformerBlock(x, encoder.blocks.at(-1)!, encoder.config.vision.heads, encoder.config.activation, queryKeyAttention);
  return encoder.project(clsTokens(last)); // [B, E]
}

/** Layers 0 .. L-2, with both redistributions. */
function runRedistributedBlocks(encoder: ImageEncoder, images: Tensor, options: RfclipPaperOptions, keyKey?: LayerSum, trace?: Trace): Tensor {
  const { device, config } = encoder;
  const { heads, width: C } = config.vision;
  const grid = encoder.grid(images.shape[2], images.shape[3]);
  return device.scope(() => {
    const dimensions = device.tensor(options.distractionDimensions, [options.distractionDimensions.length], 'u32');
    const listed = device.tensor(Float32Array.from({ length: C }, (_, c) => (options.distractionDimensions.includes(c) ? 1 : 0)), [C]);
    const locate = (x: Tensor, here: string, suffix: string): Tensor =>
      device.scope(() => {
        const phi = channelShare(patchTokens(x), dimensions); // [B, N]
        const isDistraction = greaterThan(phi, options.sigma / C); // [B, N]
        trace?.(`${here}phi${suffix}`, phi);
        trace?.(`${here}dis${suffix}`, isDistraction);
        return isDistraction;
      });
    let x = encoder.begin(images); // [B, T, C]
    let previous: Tensor | undefined;
    for (let layer = 0; layer < encoder.blocks.length - 1; layer++) {
      const here = `layer${layer}/`;
      trace?.(`${here}x_in`, x);
      const distraction = options.maskSource === 'blockInput' ? locate(x, here, '') : (previous ?? device.zeros([x.shape[0], grid.height * grid.width])); // [B, N]
      const policy = redistributedAttention(distraction, options, keyKey, trace, here);
      const block = transformerBlock(x, encoder.blocks[layer], heads, config.activation, policy); // [B, T, C]
      trace?.(`${here}x_after_block`, block);
      const after = locate(block, here, '_after'); // [B, N]
      x = repairChannels(block, after, listed, grid.height, grid.width, 1); // [B, T, C]
      trace?.(`${here}x_out`, x);
      previous = after;
    }
    return x;
  });
}

/** Query-key attention whose weight on distraction tokens is given to defocus tokens. */
function redistributedAttention(distraction: Tensor, options: RfclipPaperOptions, keyKey: LayerSum | undefined, trace: Trace | undefined, here: string): AttentionPolicy {
  return (qkv) => {
    const kk = attentionWeights(qkv, 'key', 'key'); // [B, H, T, T]
    keyKey?.add(kk);
    const { y, aboveMean } = locateDefocusTokens(kk); // [B, N]
    const attention = attentionWeights(qkv, 'query', 'key'); // [B, H, T, T]
    const moved = moveAttention(attention, distraction, aboveMean, 1 - options.beta, options.classRow ? 0 : 1); // [B, H, T, T]
    trace?.(`${here}attn_kk`, kk);
    trace?.(`${here}fiedler`, y);
    trace?.(`${here}defocus`, aboveMean);
    trace?.(`${here}attn`, attention);
    trace?.(`${here}attn_redistributed`, moved);
    return attentionValues(moved, qkv); // [B, T, C]
  };
}
