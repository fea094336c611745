import { attend, attentionValues, attentionWeights } from '../../clip/attention.ts';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import { type AttentionPolicy, type BlockInput, type BlockWeights, streamOf } from '../../clip/transformerBlock.ts';
import { prefersAttentionTiles } from '../../engine/ops/attentionTiles.ts';
import { blend } from '../../engine/ops/blend.ts';
import { stack } from '../../engine/ops/stack.ts';
import { Tensor } from '../../engine/tensor.ts';
import { denoiseLayer } from '../denoise.ts';
import { enhance, enhanceTogether, patchCosines } from '../enhancement.ts';
import { joinKeyKeyAttention, keyKeyAttention, readOut, readOutTogether } from '../keyKeyAttention.ts';
import { LayerSum } from '../layerSum.ts';
import { refocusAttention, type RefocusOptions } from '../refocusAttention.ts';
import { IMAGE_SEMANTICS } from '../settings.ts';
import { type Trace, traceOf } from '../trace.ts';
import { classFeature } from './classFeature.ts';
import type { DenseEncoder, DenseFeatures } from './denseEncoder.ts';
import { lastBlockAsTrained, lastClassAsTrained, runEarlierBlocksInto } from './asTrained.ts';
import { defineMethod } from './method.ts';

/** Parameters of RF-CLIP. */
export interface RfclipOptions extends RefocusOptions {
  /** The distraction dimensions D_dis, over-activated channels of the image tower. */
  distractionDimensions: readonly number[];
  /** `vanilla` leaves attention alone, as the release runs it; `refocus` redistributes it. */
  strategy: 'vanilla' | 'refocus';
  /** A token is a distraction token where its score exceeds sigma / C (the paper's tau = 5/d). */
  sigma: number;
  /** Share of its neighbourhood in a denoised distraction token. */
  alpha: number;
  /** Cosines of the guide below this count as 0 in the enhancement. */
  cosineThreshold: number;
}

/** The values of the published code. */
export const RFCLIP_DEFAULTS = {
  strategy: 'vanilla',
  sigma: 5,
  alpha: 0.4,
  sinkThreshold: 0.1,
  sinkKeep: 0.6,
  cosineThreshold: 0.4,
} as const;

/**
 * RF-CLIP as released (AAAI 2026):
 *
 *     x       = what enters the last block, after L-1 blocks that are each followed by `denoise`
 *     last    = `lastBlockAsTrained` of x, whose CLS row is the class feature
 *     guide   = 1/L sum of all L denoised outputs, that of the last block among them
 *     S       = `patchCosines` of the guide
 *     patches = 1/2 (`readOut` of `enhance(x, S)` + `readOut` of `enhance(guide, S)`)
 *
 * Source: the release's `VisionTransformer.forward(return_all=True)`.
 */
export function makeRfclip(options: RfclipOptions): DenseEncoder {
  return {
    keepsImagesApart: true,
    encode: (encoder, images, trace, cls) => encodeDense(encoder, images, options, trace, cls),
    encodeClass: (encoder, images) =>
      encoder.device.scope(() => {
        const x = runDenoisedBlocks(encoder, images, options, makeDenoiser(encoder, images, options), {}); // [B, T, C]
        return classFeature(encoder, lastClassAsTrained(encoder, x)); // [B, E]
      }),
  };
}

function encodeDense(
  encoder: ImageEncoder,
  images: Tensor,
  options: RfclipOptions,
  trace?: Trace,
  cls?: Tensor,
): DenseFeatures {
  const keyKey = new LayerSum();
  const outputs = new LayerSum();
  try {
    return encoder.device.scope(() => {
      const denoiser = makeDenoiser(encoder, images, options, outputs, trace);
      const input = runDenoisedBlocks(encoder, images, options, denoiser, { keyKey, trace });
      const x = streamOf(input); // [B, T, C]
      const last = lastBlockAsTrained(encoder, input); // [B, T, C]
      if (!(input instanceof Tensor)) input.normalised.dispose();
      denoiser(last, encoder.blocks.length - 1);
      const { heads, width } = encoder.config.vision;
      const together = trace === undefined && keyKey.count > 0 && prefersAttentionTiles(encoder.device, width / heads);
      const readBoth = together ? readOutBoth : readOutEach;
      return {
        patches: readBoth(encoder, x, outputs, keyKey, options, trace), // [B, N, E]
        cls: cls ?? classFeature(encoder, last), // [B, E]
      };
    });
  } finally {
    keyKey.dispose();
    outputs.dispose();
  }
}

/** The mean of both read-outs, one after the other, projected [B, N, E]: the version to read first. */
function readOutEach(
  encoder: ImageEncoder,
  x: Tensor,
  outputs: LayerSum,
  keyKey: LayerSum,
  { cosineThreshold }: RfclipOptions,
  trace?: Trace,
): Tensor {
  const guide = outputs.mean(); // [B, T, C]
  const cosines = patchCosines(guide); // [B, N, N]
  const enhanced = enhance(x, cosines, cosineThreshold); // [B, T, C]
  const enhancedGuide = enhance(guide, cosines, cosineThreshold); // [B, T, C]
  trace?.('enhance0/guide', guide);
  trace?.('enhance0/cosine', cosines);
  trace?.('enhance0/x_out', enhanced);
  trace?.('enhance1/x_out', enhancedGuide);
  const first = readOut(encoder, enhanced, keyKey, traceOf(trace, 'last0')); // [B, N, C]
  const second = readOut(encoder, enhancedGuide, keyKey, traceOf(trace, 'last1')); // [B, N, C]
  return encoder.project(blend(first, 0.5, second, 0.5));
}

/** The same with x and guide as one batch of two, which is half the launches. */
function readOutBoth(
  encoder: ImageEncoder,
  x: Tensor,
  outputs: LayerSum,
  keyKey: LayerSum,
  { cosineThreshold }: RfclipOptions,
): Tensor {
  const [B] = x.shape;
  const both = stack(x, outputs.sum, 1 / outputs.count); // [2 B, T, C]
  const enhanced = enhanceTogether(both, both.rows(B), cosineThreshold); // [2 B, T, C]
  return encoder.projectMean(readOutTogether(encoder, enhanced, keyKey));
}

/** Denoises what leaves a layer, [B, T, C], which then joins `outputs`. */
type LayerDenoiser = (x: Tensor, layer: number, next?: BlockWeights) => BlockInput;

function makeDenoiser(
  encoder: ImageEncoder,
  images: Tensor,
  options: RfclipOptions,
  outputs?: LayerSum,
  trace?: Trace,
): LayerDenoiser {
  const { distractionDimensions: list, sigma, alpha } = options;
  const grid = encoder.grid(images.shape[2], images.shape[3]);
  const distractionDimensions = encoder.device.constant(list, [list.length], 'u32');
  const denoiseOptions = { distractionDimensions, sigma, alpha };
  return (x, layer, next) =>
    denoiseLayer(x, grid, denoiseOptions, { next, layers: outputs, trace: traceOf(trace, `layer${layer}`) });
}

/** Layers 0 .. L-2: plain blocks, each followed by denoising. */
function runDenoisedBlocks(
  encoder: ImageEncoder,
  images: Tensor,
  options: RfclipOptions,
  denoiser: LayerDenoiser,
  { keyKey, trace }: { keyKey?: LayerSum; trace?: Trace },
): BlockInput {
  return runEarlierBlocksInto(encoder, images, {
    attention: (layer) => layerAttention(options, keyKey, traceOf(trace, `layer${layer}`)),
    afterBlock: denoiser,
  });
}

/** Query-key attention, redistributed if asked for, while the layer's key-key attention joins the sum. */
function layerAttention(options: RfclipOptions, keyKey?: LayerSum, trace?: Trace): AttentionPolicy {
  return (qkv) => {
    if (keyKey !== undefined) {
      if (trace === undefined) joinKeyKeyAttention(qkv, keyKey);
      else keyKeyAttention(qkv, keyKey, trace); // [B, H, T, T]
    }
    if (trace === undefined && options.strategy === 'vanilla') return attend(qkv, 'query', 'key', { use: 'factor' });
    let attention = attentionWeights(qkv, 'query', 'key'); // [B, H, T, T]
    trace?.('attn_qk_before', attention);
    if (options.strategy === 'refocus') attention = refocusAttention(attention, options, trace);
    trace?.('attn_qk_after', attention);
    const values = attentionValues(attention, qkv, 'factor'); // [B, T, C]
    trace?.('attn_values', values);
    return values;
  };
}

/** RF-CLIP as the release runs it. */
export const rfclip = defineMethod({
  name: 'rfclip',
  summary:
    'distraction tokens are denoised after every layer; values are read out by key-key attention averaged over all ' +
    'layers, from features enhanced by a layer-averaged guide; as the release runs it',
  source: 'RF-CLIP, AAAI 2026',
  needs: { distractionDimensions: true },
  family: 'rfclip',
  defaults: IMAGE_SEMANTICS,
  make: ({ distractionDimensions }) => makeRfclip({ ...RFCLIP_DEFAULTS, distractionDimensions }),
});

/** RF-CLIP with the release's attention redistribution, which it contains but does not use. */
export const rfclipRefocus = defineMethod({
  ...rfclip,
  name: 'rfclip-refocus',
  summary: "the same with the release's attention redistribution, which it contains but does not use",
  make: ({ distractionDimensions }) => makeRfclip({ ...RFCLIP_DEFAULTS, strategy: 'refocus', distractionDimensions }),
});
