import { attentionValues, attentionWeights } from '../../clip/attention.ts';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import type { PatchGrid } from '../../clip/positions.ts';
import { patchTokens } from '../../clip/tokens.ts';
import { type AttentionPolicy, transformerBlock } from '../../clip/transformerBlock.ts';
import type { Device } from '../../engine/device.ts';
import { type CellFilter, filterCells } from '../../engine/ops/filterCells.ts';
import { inPart } from '../../engine/parts.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { redistributeAttention } from '../attentionRedistribution.ts';
import { locateDefocusTokens } from '../defocusTokens.ts';
import { locateDistractionTokens } from '../distractionTokens.ts';
import { dimensionMask, redistributeEmbedding } from '../embeddingRedistribution.ts';
import { keyKeyAttention, readOut } from '../keyKeyAttention.ts';
import { LayerSum } from '../layerSum.ts';
import { randomTokens } from '../randomTokens.ts';
import { IMAGE_SEMANTICS } from '../settings.ts';
import { type Trace, traceOf } from '../trace.ts';
import { classFeature } from './classFeature.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { lastClassAsTrained } from './asTrained.ts';
import { defineMethod } from './method.ts';

/** Parameters of RF-CLIP as the paper describes it, and of what its ablation leaves out or puts in its place. */
export interface RfclipPaperOptions {
  /** The distraction dimensions D_dis, over-activated channels of the image tower. */
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
 * RF-CLIP as the paper describes it. In every layer but the last:
 *
 *     T_dis    = `locateDistractionTokens` of what enters the block
 *     T_def    = `locateDefocusTokens` of the block's `keyKeyAttention`
 *     block    with its query-key attention changed by `redistributeAttention`, from T_dis to T_def
 *     T_dis    = `locateDistractionTokens` of what leaves the block
 *     x        = `redistributeEmbedding` of what leaves the block, on T_dis and D_dis
 *
 * and `readOut` of the last. That T_dis is found twice is a choice where the paper leaves it open, see `maskSource`.
 * Source: RF-CLIP, AAAI 2026: distractor localisation, defocus localisation, attention and embedding redistribution.
 */
export function makeRfclipPaper(options: RfclipPaperOptions): DenseEncoder {
  return {
    keepsImagesApart: true,
    encode(encoder, images, trace, cls) {
      const keyKey = new LayerSum();
      try {
        return encoder.device.scope(() => {
          const x = runRedistributedBlocks(encoder, images, options, keyKey, trace); // [B, T, C]
          const out = readOut(encoder, x, keyKey, traceOf(trace, 'last')); // [B, N, C]
          return {
            patches: encoder.project(out), // [B, N, E]
            cls: cls ?? classFeature(encoder, lastClassAsTrained(encoder, x)), // [B, E]
          };
        });
      } finally {
        keyKey.dispose();
      }
    },
    encodeClass: (encoder, images) =>
      encoder.device.scope(() => {
        const x = runRedistributedBlocks(encoder, images, options); // [B, T, C]
        return classFeature(encoder, lastClassAsTrained(encoder, x)); // [B, E]
      }),
  };
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
    const locate = makeLocaliser(device, options);
    const dimensions = dimensionMask(device, options.distractionDimensions, C); // [C]
    let x = encoder.begin(images); // [B, T, C]
    let found = device.zeros([images.shape[0], grid.height * grid.width]); // [B, N]
    for (let layer = 0; layer < encoder.blocks.length - 1; layer++) {
      inPart(device, `layer${layer}`, () => {
        const seen = traceOf(trace, `layer${layer}`);
        seen?.('x_in', x);
        const tokens = options.maskSource === 'blockInput' ? locate(x, layer, '', seen) : found; // [B, N]
        const attention = blockAttention(tokens, options, keyKey, seen);
        const block = transformerBlock(x, encoder.blocks[layer], heads, config.activation, attention); // [B, T, C]
        seen?.('x_after_block', block);
        found = locate(block, layer, '_after', seen); // [B, N]
        x = repairTokens(block, found, dimensions, grid, options.embedding); // [B, T, C]
        seen?.('x_out', x);
      });
    }
    return x;
  });
}

/** Finds the tokens to treat in a residual stream [B, T, C]: a mask [B, N]. */
type Localiser = (x: Tensor, layer: number, suffix: '' | '_after', trace?: Trace) => Tensor;

function makeLocaliser(
  device: Device,
  { localisation, distractionDimensions: list, sigma }: RfclipPaperOptions,
): Localiser {
  if (localisation === 'none') return (x) => device.zeros([x.shape[0], x.shape[1] - 1]);
  const distractionDimensions = device.tensor(list, [list.length], 'u32');
  return (x, layer, suffix, trace) =>
    device.scope(() => {
      const patches = patchTokens(x); // [B, N, C]
      const { phi, isDistraction } = locateDistractionTokens(patches, { distractionDimensions, sigma }); // [B, N]
      trace?.(`phi${suffix}`, phi);
      trace?.(`dis${suffix}`, isDistraction);
      return localisation === 'random' ? randomTokens(isDistraction, layer) : isDistraction;
    });
}

/** Query-key attention whose weight on the given tokens [B, N] goes elsewhere. */
function blockAttention(
  tokens: Tensor,
  options: RfclipPaperOptions,
  keyKey?: LayerSum,
  trace?: Trace,
): AttentionPolicy {
  return (qkv) => {
    const kk = keyKeyAttention(qkv, keyKey, trace); // [B, H, T, T]
    const attention = attentionWeights(qkv, 'query', 'key'); // [B, H, T, T]
    trace?.('attn', attention);
    if (options.attention === 'none') return attentionValues(attention, qkv, 'factor');
    // A logit of minus infinity takes all of a token's weight and leaves it to all others, CLS among them.
    const masked = options.attention === 'mask';
    const moved = redistributeAttention(attention, tokens, targetTokens(kk, options, trace), {
      beta: masked ? 1 : options.beta,
      classRow: options.classRow,
      classIsTarget: masked,
    }); // [B, H, T, T]
    trace?.('attn_redistributed', moved);
    return attentionValues(moved, qkv, 'factor'); // [B, T, C]
  };
}

/** Where the attention goes: a mask [B, N]. */
function targetTokens(kk: Tensor, { attention }: RfclipPaperOptions, trace?: Trace): Tensor {
  const [B, , T] = kk.shape;
  if (attention !== 'defocus') return kk.device.tensor(new Float32Array(B * (T - 1)).fill(1), [B, T - 1]);
  const { y, aboveMean } = locateDefocusTokens(kk); // [B, N]
  trace?.('fiedler', y);
  trace?.('defocus', aboveMean);
  return aboveMean;
}

/** The residual stream x [B, T, C] whose given tokens [B, N] are repaired. */
function repairTokens(
  x: Tensor,
  tokens: Tensor,
  dimensions: Tensor,
  grid: PatchGrid,
  embedding: RfclipPaperOptions['embedding'],
): Tensor {
  switch (embedding) {
    case 'none':
      return x;
    case 'redistribute':
      return redistributeEmbedding(x, tokens, dimensions, grid);
    default:
      return filterCells(x, tokens, grid.height, grid.width, embedding, 1);
  }
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
