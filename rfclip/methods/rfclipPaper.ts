import { attentionValues, attentionWeights } from '../../clip/attention.ts';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import {
  type AttentionPolicy,
  projectOut,
  projectQkv,
  queryKeyAttention,
  transformerBlock,
} from '../../clip/transformerBlock.ts';
import type { PatchGrid } from '../../clip/positions.ts';
import { clsTokens, patchTokens } from '../../clip/tokens.ts';
import type { Device } from '../../engine/device.ts';
import { channelShare } from '../../engine/ops/channelShare.ts';
import { add } from '../../engine/ops/blend.ts';
import { type CellFilter, filterCells } from '../../engine/ops/filterCells.ts';
import { gatherRows } from '../../engine/ops/gatherRows.ts';
import { moveAttention } from '../../engine/ops/moveAttention.ts';
import { repairChannels } from '../../engine/ops/repairChannels.ts';
import { greaterThan } from '../../engine/ops/threshold.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { locateDefocusTokens } from '../defocusTokens.ts';
import { patchAttentionValues } from '../keyKeyAttention.ts';
import { LayerSum } from '../layerSum.ts';
import { IMAGE_SEMANTICS } from '../settings.ts';
import type { DenseEncoder, Trace } from './denseEncoder.ts';
import { defineMethod } from './method.ts';

/** Parameters of RF-CLIP as the paper describes it, and of what its ablation leaves out or puts in its place. */
export interface RfclipPaperOptions {
  distractionDimensions: readonly number[];
  /** Which tokens are treated: none, the distraction tokens, or as many others at random places. */
  localisation: 'none' | 'distraction' | 'random';
  /**
   * What happens to attention to these tokens: nothing; a part goes to the defocus tokens (the paper) or to all other
   * patches; or their logits are masked with minus infinity.
   */
  attention: 'none' | 'defocus' | 'others' | 'mask';
  /**
   * What happens to their embeddings after the block: nothing; the distraction dimensions come from the neighbours (the
   * paper); or all dimensions are smoothed by a 3x3 filter.
   */
  embedding: 'none' | 'redistribute' | CellFilter;
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
export const RFCLIP_PAPER_DEFAULTS = {
  localisation: 'distraction',
  attention: 'defocus',
  embedding: 'redistribute',
  sigma: 5,
  beta: 0.7,
  classRow: true,
  maskSource: 'blockInput',
} as const;

/**
 * RF-CLIP as the paper describes it: in every layer but the last, attention to distraction tokens is redistributed to
 * defocus tokens, and after the block the distraction dimensions of distraction tokens are redistributed from their
 * neighbours; dense features are read out by key-key attention averaged over the layers.
 * Source: RF-CLIP, AAAI 2026, section on distraction, attention and embedding redistribution.
 */
export function makeRfclipPaper(options: RfclipPaperOptions): DenseEncoder {
  return {
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
    encodeClass: (encoder, images) =>
      encoder.device.scope(() => classFeature(encoder, runRedistributedBlocks(encoder, images, options))),
  };
}

function classFeature(encoder: ImageEncoder, x: Tensor): Tensor {
  const last = transformerBlock(
    x,
    encoder.blocks.at(-1)!,
    encoder.config.vision.heads,
    encoder.config.activation,
    queryKeyAttention,
  );
  return encoder.project(clsTokens(last)); // [B, E]
}

/** Layers 0 .. L-2, with both redistributions. */
function runRedistributedBlocks(
  encoder: ImageEncoder,
  images: Tensor,
  options: RfclipPaperOptions,
  keyKey?: LayerSum,
  trace?: Trace,
): Tensor {
  const { device, config } = encoder;
  const { heads, width: C } = config.vision;
  const grid = encoder.grid(images.shape[2], images.shape[3]);
  return device.scope(() => {
    const localiser = makeLocaliser(device, C, options);
    const listed = device.tensor(
      Float32Array.from({ length: C }, (_, c) => (options.distractionDimensions.includes(c) ? 1 : 0)),
      [C],
    );
    const nowhere = device.zeros([images.shape[0], grid.height * grid.width]); // [B, N]
    let x = encoder.begin(images); // [B, T, C]
    let previous = nowhere;
    for (let layer = 0; layer < encoder.blocks.length - 1; layer++) {
      const named: Trace | undefined =
        trace === undefined ? undefined : (name, tensor) => trace(`layer${layer}/${name}`, tensor);
      named?.('x_in', x);
      const tokens = options.maskSource === 'blockInput' ? localiser(x, layer, named, '') : previous; // [B, N]
      const policy = redistributedAttention(tokens, options, keyKey, named);
      const block = transformerBlock(x, encoder.blocks[layer], heads, config.activation, policy); // [B, T, C]
      named?.('x_after_block', block);
      previous = localiser(block, layer, named, '_after'); // [B, N]
      x = repairEmbedding(block, previous, listed, grid, options.embedding); // [B, T, C]
      named?.('x_out', x);
    }
    return x;
  });
}

/** Finds the tokens to treat in a residual stream [B, T, C]: a mask [B, N]. */
type Localiser = (x: Tensor, layer: number, trace: Trace | undefined, suffix: string) => Tensor;

function makeLocaliser(device: Device, C: number, options: RfclipPaperOptions): Localiser {
  if (options.localisation === 'none') return (x) => device.zeros([x.shape[0], x.shape[1] - 1]);
  const dimensions = device.tensor(options.distractionDimensions, [options.distractionDimensions.length], 'u32');
  return (x, layer, trace, suffix) =>
    device.scope(() => {
      const phi = channelShare(patchTokens(x), dimensions); // [B, N]
      const isDistraction = greaterThan(phi, options.sigma / C); // [B, N]
      trace?.(`phi${suffix}`, phi);
      trace?.(`dis${suffix}`, isDistraction);
      return options.localisation === 'random' ? rolled(isDistraction, layer) : isDistraction;
    });
}

/** The same number of marks elsewhere: every row of a mask [B, N] rolled by an offset that looks random. */
function rolled(mask: Tensor, layer: number): Tensor {
  const [B, N] = mask.shape;
  const offset = Math.imul(layer + 1, 2654435761) >>> 0;
  const index = Uint32Array.from({ length: B * N }, (_, i) => i - (i % N) + (((i % N) + offset) % N));
  return gatherRows(mask.reshape([B * N, 1]), mask.device.tensor(index, [B, N], 'u32')).reshape([B, N]);
}

function repairEmbedding(
  x: Tensor,
  tokens: Tensor,
  listed: Tensor,
  grid: PatchGrid,
  embedding: RfclipPaperOptions['embedding'],
): Tensor {
  switch (embedding) {
    case 'none':
      return x;
    case 'redistribute':
      return repairChannels(x, tokens, listed, grid.height, grid.width, 1);
    default:
      return filterCells(x, tokens, grid.height, grid.width, embedding, 1);
  }
}

/** Query-key attention whose weight on the given tokens [B, N] goes elsewhere. */
function redistributedAttention(
  tokens: Tensor,
  options: RfclipPaperOptions,
  keyKey: LayerSum | undefined,
  trace: Trace | undefined,
): AttentionPolicy {
  return (qkv) => {
    const kk = attentionWeights(qkv, 'key', 'key'); // [B, H, T, T]
    keyKey?.add(kk);
    const attention = attentionWeights(qkv, 'query', 'key'); // [B, H, T, T]
    trace?.('attn_kk', kk);
    trace?.('attn', attention);
    if (options.attention === 'none') return attentionValues(attention, qkv);
    const [keep, classIsTarget] = options.attention === 'mask' ? [0, true] : [1 - options.beta, false];
    const moved = moveAttention(attention, tokens, targetTokens(kk, options, trace), keep, {
      firstRow: options.classRow ? 0 : 1,
      classIsTarget,
    }); // [B, H, T, T]
    trace?.('attn_redistributed', moved);
    return attentionValues(moved, qkv); // [B, T, C]
  };
}

/** Where the attention goes: a mask [B, N]. */
function targetTokens(keyKeyAttention: Tensor, options: RfclipPaperOptions, trace: Trace | undefined): Tensor {
  const [B, , T] = keyKeyAttention.shape;
  if (options.attention !== 'defocus')
    return keyKeyAttention.device.tensor(new Float32Array(B * (T - 1)).fill(1), [B, T - 1]);
  const { y, aboveMean } = locateDefocusTokens(keyKeyAttention); // [B, N]
  trace?.('fiedler', y);
  trace?.('defocus', aboveMean);
  return aboveMean;
}

/** RF-CLIP with the paper's values. */
export const rfclipPaper = defineMethod({
  name: 'rfclip-paper',
  summary:
    'as the paper describes it: attention moves from distraction tokens to defocus tokens (normalised cut), ' +
    'distraction dimensions are repaired from neighbours',
  source: 'RF-CLIP, AAAI 2026 (the paper, not the release)',
  needs: { distractionDimensions: true },
  family: 'rfclip',
  defaults: IMAGE_SEMANTICS,
  make: ({ distractionDimensions }) => makeRfclipPaper({ ...RFCLIP_PAPER_DEFAULTS, distractionDimensions }),
});
