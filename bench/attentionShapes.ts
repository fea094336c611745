import { attentionRow } from '../engine/attentionRow.ts';
import { prefersAttentionTiles } from '../engine/ops/attentionTiles.ts';
import { flashAttention } from '../engine/ops/flashAttention.ts';
import { columnBlocks, matricesOf } from '../engine/ops/matrixViews.ts';
import { softmax } from '../engine/ops/softmax.ts';
import { softmaxScores } from '../engine/ops/softmaxScores.ts';
import type { Device } from '../engine/device.ts';
import type { Tensor } from '../engine/tensor.ts';
import { headProducts, headsOfPart, mixHeads, type Qkv } from '../clip/attention.ts';

/** Attention of one layer. */
export interface AttentionShape {
  name: string;
  /** Windows or images in the batch. */
  batch: number;
  heads: number;
  /** Patches and the CLS token. */
  tokens: number;
}

/** Width of a head in every CLIP ViT. */
export const HEAD_WIDTH = 64;

/** What the networks of the papers ask for: 224x224 windows, images of 336x448, several images together. */
export const ATTENTION_SHAPES: readonly AttentionShape[] = [
  { name: 'ViT-B/16, one window', batch: 1, heads: 12, tokens: 197 },
  { name: 'ViT-B/16, six windows', batch: 6, heads: 12, tokens: 197 },
  { name: 'ViT-B/16, image', batch: 1, heads: 12, tokens: 589 },
  { name: 'ViT-B/16, four images', batch: 4, heads: 12, tokens: 589 },
  { name: 'ViT-L/14, six windows', batch: 6, heads: 16, tokens: 257 },
  { name: 'ViT-L/14, image', batch: 1, heads: 16, tokens: 769 },
];

/** What a network wants of attention, and its two ways there. Each records ops and returns the result. */
export interface AttentionJob {
  name: 'values' | 'weights';
  /** One launch. */
  fused: (qkv: Qkv, addend: Tensor) => Tensor;
  /** The ops that it replaces. */
  composed: (qkv: Qkv, addend: Tensor) => Tensor;
}

const SCALE = 1 / Math.sqrt(HEAD_WIDTH);

/** `values`: q-k attention whose weights nobody sees. `weights`: key-key weights on top of those of earlier layers. */
export const ATTENTION_JOBS: readonly AttentionJob[] = [
  {
    name: 'values',
    fused: (qkv) => {
      const { device, shape } = qkv.tensor;
      const out = device.empty([shape[0], shape[1], shape[2] / 3]);
      const [query, key, value] = (['query', 'key', 'value'] as const).map((part) => headsOfPart(qkv, part));
      flashAttention(query, key, value, columnBlocks(out, qkv.heads), { scale: SCALE });
      return out;
    },
    composed: (qkv) =>
      qkv.tensor.device.scope(() => {
        const [query, key, value] = (['query', 'key', 'value'] as const).map((part) => headsOfPart(qkv, part));
        const weights = softmax(headProducts(query, key), { scale: SCALE });
        return mixHeads(matricesOf(weights), value, 1, { mayRound: qkv.mayRound });
      }),
  },
  {
    name: 'weights',
    fused: (qkv, addend) => {
      const key = headsOfPart(qkv, 'key');
      return softmaxScores(key, key, { scale: SCALE, addend });
    },
    composed: (qkv, addend) =>
      qkv.tensor.device.scope(() => {
        const key = headsOfPart(qkv, 'key');
        return softmax(headProducts(key, key), { scale: SCALE, addend });
      }),
  },
];

/** Which of the two the engine takes on this device. */
export function chosenWay(device: Device): 'fused' | 'composed' {
  return prefersAttentionTiles(device, HEAD_WIDTH) ? 'fused' : 'composed';
}

/**
 * Largest difference from float64 of a job's result, over all columns of sampled rows, in units of 2^-24 times the
 * largest value there can be (1 for weights and values alike, which are below 1/2 here; 2 with the addend).
 * @param result [batch, tokens, heads 64] of `values`, [batch, heads, tokens, tokens] of `weights`
 * @param qkv [batch, tokens, 3 heads 64]
 */
export function errorOf(
  job: AttentionJob['name'],
  { batch, heads, tokens }: AttentionShape,
  result: ArrayLike<number>,
  qkv: Float32Array,
  addend: Float32Array,
): number {
  const C = heads * HEAD_WIDTH;
  const headOf = (b: number, head: number, part: number) =>
    Float32Array.from({ length: tokens * HEAD_WIDTH }, (_, i) => {
      const token = b * tokens + Math.floor(i / HEAD_WIDTH);
      return qkv[token * 3 * C + part * C + head * HEAD_WIDTH + (i % HEAD_WIDTH)];
    });
  let worst = 0;
  for (let sample = 0; sample < 12; sample++) {
    // The last rows of the last head among them, where tiles are not full.
    const [b, head] = [sample % batch, sample < 4 ? heads - 1 : (sample * 5) % heads];
    const row = sample < 4 ? tokens - 1 - sample : (sample * 7919) % tokens;
    const [query, key, value] = [0, 1, 2].map((part) => headOf(b, head, part));
    const asking = (job === 'values' ? query : key).subarray(row * HEAD_WIDTH, (row + 1) * HEAD_WIDTH);
    const { weights, mixed } = attentionRow(asking, key, value, SCALE);
    const firstWeight = ((b * heads + head) * tokens + row) * tokens;
    const [first, expected] =
      job === 'weights'
        ? [firstWeight, weights.map((weight, i) => weight + addend[firstWeight + i])]
        : [(b * tokens + row) * C + head * HEAD_WIDTH, mixed];
    for (const [i, wanted] of expected.entries()) {
      const error = Math.abs(result[first + i] - wanted);
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    }
  }
  return worst * 2 ** 24;
}
