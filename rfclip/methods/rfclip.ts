import { attentionValues, attentionWeights } from '../../clip/attention.ts';
import type { BlockHooks, ImageEncoder } from '../../clip/imageEncoder.ts';
import type { PatchGrid } from '../../clip/positions.ts';
import {
  type AttentionPolicy,
  projectOut,
  projectQkv,
  queryKeyAttention,
  transformerBlock,
} from '../../clip/transformerBlock.ts';
import { clsTokens } from '../../clip/tokens.ts';
import { add, blend } from '../../engine/ops/blend.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { denoise, type DenoiseOptions } from '../distractionTokens.ts';
import { enhance, patchCosines } from '../enhancement.ts';
import { patchAttentionValues } from '../keyKeyAttention.ts';
import { LayerSum } from '../layerSum.ts';
import { refocusAttention, type RefocusOptions } from '../refocusAttention.ts';
import { IMAGE_SEMANTICS } from '../settings.ts';
import type { DenseEncoder, DenseFeatures, Trace } from './denseEncoder.ts';
import { defineMethod } from './method.ts';

/** Parameters of RF-CLIP. */
export interface RfclipOptions extends RefocusOptions {
  /** Over-activated dimensions D of the image tower. */
  distractionDimensions: readonly number[];
  /** `vanilla` leaves attention alone, as the release runs it; `refocus` redistributes it. */
  strategy: 'vanilla' | 'refocus';
  sigma: number;
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
 * RF-CLIP as released (AAAI 2026): denoise the residual stream after every layer but the last, enhance the result by a
 * guide averaged over the layers, and read values out through key-key attention averaged over the layers.
 * Source: the release's `VisionTransformer.forward(return_all=True)`; semantics as in the project's reference notes.
 */
export function makeRfclip(options: RfclipOptions): DenseEncoder {
  return {
    encode: (encoder, images, trace) => encodeDense(encoder, images, options, trace),
    encodeClass: (encoder, images) =>
      encoder.device.scope(() => {
        const stream = runDenoisedBlocks(encoder, images, options, {});
        return encoder.project(clsTokens(lastBlock(encoder, stream.x))); // [B, E]
      }),
  };
}

/** The residual stream before the last block, and what its run needs to go on. */
interface DenoisedStream {
  x: Tensor;
  grid: PatchGrid;
  denoiseOptions: DenoiseOptions;
}

/** Layers 0 .. L-2: plain blocks, each followed by denoising. */
function runDenoisedBlocks(
  encoder: ImageEncoder,
  images: Tensor,
  options: RfclipOptions,
  observers: { keyKey?: LayerSum; guide?: LayerSum; trace?: Trace },
): DenoisedStream {
  const { trace, keyKey, guide } = observers;
  const grid = encoder.grid(images.shape[2], images.shape[3]);
  const dimensions = encoder.device.tensor(
    options.distractionDimensions,
    [options.distractionDimensions.length],
    'u32',
  );
  const denoiseOptions = { distractionDimensions: dimensions, sigma: options.sigma, alpha: options.alpha };
  const hooks: BlockHooks = {
    attention: (layer) => layerAttention(options, keyKey, layerTrace(trace, layer)),
    afterBlock: (x, layer) => {
      const denoised = denoise(x, grid, denoiseOptions, layerTrace(trace, layer)); // [B, T, C]
      guide?.add(denoised);
      return denoised;
    },
  };
  const x = encoder.runBlocks(encoder.begin(images), 0, encoder.blocks.length - 1, hooks); // [B, T, C]
  return { x, grid, denoiseOptions };
}

/** Query-key attention, redistributed if asked for, while the layer's key-key attention joins the sum. */
function layerAttention(
  options: RfclipOptions,
  keyKey: LayerSum | undefined,
  trace: Trace | undefined,
): AttentionPolicy {
  return (qkv) => {
    if (keyKey !== undefined) {
      const attention = attentionWeights(qkv, 'key', 'key'); // [B, H, T, T]
      trace?.('attn_kk', attention);
      keyKey.add(attention);
    }
    let attention = attentionWeights(qkv, 'query', 'key'); // [B, H, T, T]
    trace?.('attn_qk_before', attention);
    if (options.strategy === 'refocus') attention = refocusAttention(attention, options, trace);
    trace?.('attn_qk_after', attention);
    const values = attentionValues(attention, qkv); // [B, T, C]
    trace?.('attn_values', values);
    return values;
  };
}

/** The last block as trained; it only serves the CLS feature and the guide. */
function lastBlock(encoder: ImageEncoder, x: Tensor): Tensor {
  const { heads } = encoder.config.vision;
  return transformerBlock(x, encoder.blocks.at(-1)!, heads, encoder.config.activation, queryKeyAttention);
}

function encodeDense(
  encoder: ImageEncoder,
  images: Tensor,
  options: RfclipOptions,
  trace: Trace | undefined,
): DenseFeatures {
  const keyKey = new LayerSum();
  const guideSum = new LayerSum();
  try {
    return encoder.device.scope(() => {
      const { x, grid, denoiseOptions } = runDenoisedBlocks(encoder, images, options, {
        keyKey,
        guide: guideSum,
        trace,
      });
      const last = lastBlock(encoder, x); // [B, T, C]
      guideSum.add(denoise(last, grid, denoiseOptions, layerTrace(trace, encoder.blocks.length - 1)));
      const guide = guideSum.mean(); // [B, T, C]
      const cosines = patchCosines(guide); // [B, N, N]
      const enhanced = enhance(x, cosines, options.cosineThreshold); // [B, T, C]
      const enhancedGuide = enhance(guide, cosines, options.cosineThreshold); // [B, T, C]
      trace?.('enhance0/guide', guide);
      trace?.('enhance0/cosine', cosines);
      trace?.('enhance0/x_out', enhanced);
      trace?.('enhance1/x_out', enhancedGuide);
      const first = readOut(encoder, enhanced, keyKey, trace, 'last0'); // [B, N, C]
      const second = readOut(encoder, enhancedGuide, keyKey, trace, 'last1'); // [B, N, C]
      return {
        patches: encoder.project(blend(first, 0.5, second, 0.5)), // [B, N, E]
        cls: encoder.project(clsTokens(last)), // [B, E]
      };
    });
  } finally {
    keyKey.dispose();
    guideSum.dispose();
  }
}

/** Values of the last layer, mixed by the key-key attention averaged over all layers: no residual, no MLP, no CLS. */
function readOut(encoder: ImageEncoder, x: Tensor, keyKey: LayerSum, trace: Trace | undefined, name: string): Tensor {
  const weights = encoder.blocks.at(-1)!;
  const layers = encoder.blocks.length;
  return encoder.device.scope(() => {
    const qkv = projectQkv(x, weights, encoder.config.vision.heads); // [B, T, 3 C]
    const own = attentionWeights(qkv, 'key', 'key'); // [B, H, T, T]
    const total = keyKey.count === 0 ? own : add(keyKey.sum, own); // [B, H, T, T]
    const out = projectOut(patchAttentionValues(total, qkv, 1 / layers), weights); // [B, N, C]
    trace?.(`${name}/attn_kk_last_layer`, own);
    trace?.(`${name}/attn_kk_sum`, total);
    trace?.(`${name}/out`, out);
    return out;
  });
}

function layerTrace(trace: Trace | undefined, layer: number): Trace | undefined {
  return trace === undefined ? undefined : (name, tensor) => trace(`layer${layer}/${name}`, tensor);
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
