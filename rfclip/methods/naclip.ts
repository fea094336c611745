import { attentionValues, attentionWeights, partView, type Qkv, qkvSizes } from '../../clip/attention.ts';
import type { PatchGrid } from '../../clip/positions.ts';
import { blend } from '../../engine/ops/blend.ts';
import { stridedMatmul } from '../../engine/ops/matmul.ts';
import { softmax } from '../../engine/ops/softmax.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { DenseMethod } from './denseMethod.ts';
import { encodeWithLastBlock, type LastBlockChange } from './lastBlock.ts';
import { clip } from './clip.ts';
import { correlativeSelfAttention } from './sclip.ts';
import { clsTokens, patchTokens } from './tokens.ts';

/** Attention of NACLIP's last block. */
export type NaclipStrategy = 'vanilla' | 'kk' | 'csa' | 'naclip';

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
 * What is added to the attention logits: exp(-(dy^2 + dx^2) / (2 deviation^2)) between patches at distance (dy, dx), 0
 * for the row and the column of CLS. Row-major [T, T].
 * Source: Hajimiri et al. 2025, equation 5; `get_attention_addition` of the published code.
 */
export function gaussianNeighbourhood(grid: PatchGrid, deviation: number): Float32Array {
  const N = grid.height * grid.width;
  const T = N + 1;
  const addition = new Float32Array(T * T);
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      const dy = Math.floor(i / grid.width) - Math.floor(j / grid.width);
      const dx = (i % grid.width) - (j % grid.width);
      addition[(i + 1) * T + j + 1] = Math.exp(-(dy * dy + dx * dx) / (2 * deviation * deviation));
    }
  }
  return addition;
}

/** softmax(k k^T / sqrt(D) + Gaussian): neighbours attend to each other more. [B, H, T, T] */
export function neighbourAttention(qkv: Qkv, grid: PatchGrid, deviation: number): Tensor {
  const { B, T, H, D } = qkvSizes(qkv);
  const { device } = qkv.tensor;
  return device.scope(() => {
    const scores = device.empty([B, H, T, T]);
    const out = { tensor: scores, offset: 0, rowStride: T, innerStride: T * T, outerStride: H * T * T };
    stridedMatmul(partView(qkv, 'key'), partView(qkv, 'key'), out, { m: T, n: T, k: D, outer: B, inner: H }, { transposeB: true });
    const addition = device.tensor(gaussianNeighbourhood(grid, deviation), [T, T]);
    return softmax(blend(scores, 1 / Math.sqrt(D), addition, 1));
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
  }
}

/**
 * NACLIP: key-key attention with a Gaussian over the patch grid in the last block; `reduced` drops the residual and the
 * MLP.
 * Source: Hajimiri et al., WACV 2025; `custom_attn` of the published code.
 */
export function makeNaclip(options: NaclipOptions = NACLIP_DEFAULTS): DenseMethod {
  return {
    name: 'naclip',
    summary: 'the last block attends by k-k similarity and nearness, without residual and MLP',
    source: 'Hajimiri et al., WACV 2025',
    encode: (encoder, images) =>
      encoder.device.scope(() => {
        const grid = encoder.grid(images.shape[2], images.shape[3]);
        const attention = (qkv: Qkv) => attentionValues(strategyAttention(qkv, grid, options), qkv);
        const tokens = encodeWithLastBlock(encoder, images, { attention, architecture: options.architecture }); // [B, T, E]
        return { patches: patchTokens(tokens), cls: clsTokens(tokens) };
      }),
    encodeClass: clip.encodeClass,
  };
}
