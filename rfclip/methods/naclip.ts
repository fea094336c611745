import {
  attentionValues,
  attentionWeights,
  headProducts,
  headsOfPart,
  type Qkv,
  qkvSizes,
} from '../../clip/attention.ts';
import type { PatchGrid } from '../../clip/positions.ts';
import { blend } from '../../engine/ops/blend.ts';
import { columnMean } from '../../engine/ops/columnMean.ts';
import { matmul } from '../../engine/ops/matmul.ts';
import { rowNorm } from '../../engine/ops/rowNorm.ts';
import { softmax } from '../../engine/ops/softmax.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { encodeWithLastBlock, type LastBlockChange } from './lastBlock.ts';
import { plainClip } from './clip.ts';
import { defineMethod } from './method.ts';
import { correlativeSelfAttention } from './sclip.ts';
import { clsTokens, patchTokens } from '../../clip/tokens.ts';

/** Attention of NACLIP's last block. */
export type NaclipStrategy = 'vanilla' | 'kk' | 'csa' | 'naclip' | 'nonly';

/** Parameters of NACLIP. */
export interface NaclipOptions {
  strategy: NaclipStrategy;
  architecture: LastBlockChange['architecture'];
  /** Standard deviation of the neighbourhood Gaussian, in patches. */
  gaussianDeviation: number;
}

/** The values of the published code. */
export const NACLIP_DEFAULTS: NaclipOptions = { strategy: 'naclip', architecture: 'reduced', gaussianDeviation: 5 };

/**
 * How near patches are: exp(-(dy^2 + dx^2) / (2 deviation^2)) for those at distance (dy, dx). Row-major [N, N].
 * Source: Hajimiri et al., WACV 2025; `gaussian_window` of the published code.
 */
export function patchGaussian(grid: PatchGrid, deviation: number): Float32Array {
  const N = grid.height * grid.width;
  return Float32Array.from({ length: N * N }, (_, at) => {
    const [i, j] = [Math.floor(at / N), at % N];
    const dy = Math.floor(i / grid.width) - Math.floor(j / grid.width);
    const dx = (i % grid.width) - (j % grid.width);
    return Math.exp(-(dy * dy + dx * dx) / (2 * deviation * deviation));
  });
}

/**
 * What is added to the attention logits: `patchGaussian` between patches, 0 for the row and the column of CLS.
 * Row-major [T, T]. Source: `get_attention_addition` of the published code.
 */
export function gaussianNeighbourhood(grid: PatchGrid, deviation: number): Float32Array {
  const N = grid.height * grid.width;
  const T = N + 1;
  const gaussian = patchGaussian(grid, deviation);
  const addition = new Float32Array(T * T);
  for (let i = 0; i < N; i++) addition.set(gaussian.subarray(i * N, (i + 1) * N), (i + 1) * T + 1);
  return addition;
}

/**
 * Neighbours attend to each other more: `softmax(k k^T / sqrt(D) + Gaussian)`, [B, H, T, T].
 * Source: Hajimiri et al., WACV 2025; `custom_attn` of the published code.
 */
export function neighbourAttention(qkv: Qkv, grid: PatchGrid, deviation: number): Tensor {
  const { T, D } = qkvSizes(qkv);
  const { device } = qkv.tensor;
  return device.scope(() => {
    const keys = headsOfPart(qkv, 'key'); // B x H matrices [T, D]
    const scores = headProducts(keys, keys); // [B, H, T, T]
    const addition = device.tensor(gaussianNeighbourhood(grid, deviation), [T, T]);
    return softmax(blend(scores, 1 / Math.sqrt(D), addition, 1));
  });
}

/**
 * softmax(m Gaussian): nearness alone, as strong as the logits it stands for, with m the mean over heads and all pairs
 * of tokens (CLS included) of |q| |k| / sqrt(D). The same in every head: [B, H, T, T]. Source: Hajimiri et al. 2025,
 * the ablation "neighbourhood only"; strategy `nonly` of the published code.
 */
export function nearnessAttention(qkv: Qkv, grid: PatchGrid, deviation: number): Tensor {
  const { B, T, H, D } = qkvSizes(qkv);
  const { device } = qkv.tensor;
  return device.scope(() => {
    const lengths = rowNorm(qkv.tensor.reshape([B, T, 3 * H, D])); // [B, T, 3 H]
    // A mean over all pairs of products is the product of the means.
    const means = columnMean(lengths, 0, T); // [B, 3 H]
    const meanLengths = { tensor: means.reshape([B, 1, 3 * H]), heads: 1 };
    const [queries, keys] = [headsOfPart(meanLengths, 'query'), headsOfPart(meanLengths, 'key')]; // B matrices [1, H]
    const strength = headProducts(queries, keys, 1 / (H * Math.sqrt(D))).reshape([B, 1]);
    const perHead = matmul(strength, device.tensor(new Float32Array(H).fill(1), [1, H])).reshape([B * H, 1]);
    const addition = device.tensor(gaussianNeighbourhood(grid, deviation), [1, T * T]);
    return softmax(matmul(perHead, addition).reshape([B, H, T, T]));
  });
}

function strategyAttention(qkv: Qkv, grid: PatchGrid, options: NaclipOptions): Tensor {
  switch (options.strategy) {
    case 'vanilla':
      return attentionWeights(qkv, 'query', 'key');
    case 'kk':
      return attentionWeights(qkv, 'key', 'key');
    case 'csa':
      return correlativeSelfAttention(qkv);
    case 'naclip':
      return neighbourAttention(qkv, grid, options.gaussianDeviation);
    case 'nonly':
      return nearnessAttention(qkv, grid, options.gaussianDeviation);
  }
}

/**
 * NACLIP: key-key attention with a Gaussian over the patch grid in the last block; `reduced` drops the residual and the
 * MLP.
 * Source: Hajimiri et al., WACV 2025; `custom_attn` of the published code.
 */
export function makeNaclip(options: NaclipOptions = NACLIP_DEFAULTS): DenseEncoder {
  return {
    keepsImagesApart: true,
    encode: (encoder, images) =>
      encoder.device.scope(() => {
        const grid = encoder.grid(images.shape[2], images.shape[3]);
        const attention = (qkv: Qkv) => attentionValues(strategyAttention(qkv, grid, options), qkv, 'factor');
        // [B, T, E]
        const tokens = encodeWithLastBlock(encoder, images, { attention, architecture: options.architecture });
        return { patches: patchTokens(tokens), cls: clsTokens(tokens) };
      }),
    encodeClass: plainClip.encodeClass,
  };
}

/** NACLIP as published. */
export const naclip = defineMethod({
  name: 'naclip',
  summary: 'last block: key-key attention plus a Gaussian over the grid, no residual, no MLP',
  source: 'Hajimiri et al., WACV 2025',
  needs: {},
  family: 'naclip',
  defaults: {},
  make: () => makeNaclip(),
});
