import { ShapeError } from '../engine/errors.ts';
import { sliceColumns } from '../engine/ops/columns.ts';
import { matmulViews } from '../engine/ops/matmul.ts';
import { columnBlocks, innerRange, type Matrices, matricesOf } from '../engine/ops/matrixViews.ts';
import { inPart } from '../engine/parts.ts';
import { softmax } from '../engine/ops/softmax.ts';
import { formatShape } from '../engine/shape.ts';
import type { Tensor } from '../engine/tensor.ts';

/** The fused projection of one block, from which attention takes its parts without copying. */
export interface Qkv {
  /** [B, T, 3 C]: query, key and value of every token side by side. */
  tensor: Tensor;
  heads: number;
  /** Whether its products may be computed in f16, as those that made it; default: no. */
  mayRound?: boolean;
}

/** Which third of a `Qkv`. */
export type QkvPart = 'query' | 'key' | 'value';

const PART_INDEX: Record<QkvPart, number> = { query: 0, key: 1, value: 2 };

/** Sizes of a Qkv: batch B, tokens T, width C, heads H, head width D. @throws ShapeError for another rank. */
export function qkvSizes({ tensor, heads }: Qkv): { B: number; T: number; C: number; H: number; D: number } {
  if (tensor.rank !== 3 || tensor.shape[2] % (3 * heads) !== 0) {
    throw new ShapeError(
      `attention: qkv is ${formatShape(tensor.shape)}, expected [batch, tokens, 3 * ${heads} * head width]`,
      'attention',
    );
  }
  const [B, T, threeC] = tensor.shape;
  const C = threeC / 3;
  return { B, T, C, H: heads, D: C / heads };
}

/** The heads of one part of a Qkv: B x H matrices [T, D]. */
export function headsOfPart(qkv: Qkv, part: QkvPart): Matrices {
  const { H } = qkvSizes(qkv);
  return innerRange(columnBlocks(qkv.tensor, 3 * H), PART_INDEX[part] * H, H);
}

/** A copy of one part of a Qkv, heads side by side: [B, T, C]. */
export function qkvPart(qkv: Qkv, part: QkvPart): Tensor {
  const { C } = qkvSizes(qkv);
  const begin = PART_INDEX[part] * C;
  return sliceColumns(qkv.tensor, begin, begin + C);
}

/**
 * `scale * left right^T` for every head: left and right are B x H matrices [m, D] and [n, D], the result is
 * [B, H, m, n]. Always in f32: rounding the factors on the way costs an H200 more than its matrix units save.
 */
export function headProducts(left: Matrices, right: Matrices, scale = 1): Tensor {
  const products = left.tensor.device.empty([left.outer, left.inner, left.rows, right.rows]);
  matmulViews(left, right, matricesOf(products), { transposeB: true, scale });
  return products;
}

/**
 * `scale * weights values` for every head, heads side by side: weights and values are B x H matrices [m, n] and [n, D],
 * the result is [B, m, H D]. `mayRound` and `dtype` as in a matmul: for weights of a softmax, not for sums of many.
 */
export function mixHeads(
  weights: Matrices,
  values: Matrices,
  scale = 1,
  { mayRound = false, dtype }: { mayRound?: boolean; dtype?: 'f32' | 'f16' } = {},
): Tensor {
  const { outer: B, inner: H, columns: D } = values;
  const mixed = values.tensor.device.empty([B, weights.rows, H * D], dtype);
  matmulViews(weights, values, columnBlocks(mixed, H), { scale, mayRound });
  return mixed;
}

/**
 * Attention weights `softmax(left right^T / sqrt(D))` over all tokens: [B, H, T, T], rows are queries. `left` and
 * `right` choose q-k (CLIP), k-k (RF-CLIP, NACLIP), q-q (SCLIP).
 * Source: Vaswani et al. 2017, equation 1.
 */
export function attentionWeights(
  qkv: Qkv,
  left: QkvPart,
  right: QkvPart,
  { causal, addend }: { causal?: boolean; addend?: Tensor } = {},
): Tensor {
  const { D } = qkvSizes(qkv);
  const { device } = qkv.tensor;
  return inPart(device, `attentionWeights(${left}, ${right})`, () =>
    device.scope(() => {
      const logits = headProducts(headsOfPart(qkv, left), headsOfPart(qkv, right)); // [B, H, T, T]
      return softmax(logits, { scale: 1 / Math.sqrt(D), causal, addend }); // [B, H, T, T]
    }),
  );
}

/**
 * `weights value`, heads side by side: weights [B, H, T, T], result [B, T, C].
 * @param use `factor` for what only the output projection reads: f16 where matrix units multiply it
 */
export function attentionValues(weights: Tensor, qkv: Qkv, use: 'factor' | 'value' = 'value'): Tensor {
  const { mayRound = false, tensor } = qkv;
  const dtype = use === 'factor' && mayRound && tensor.device.products.matrices !== undefined ? 'f16' : 'f32';
  const values = headsOfPart(qkv, 'value');
  return inPart(tensor.device, 'attentionValues', () => mixHeads(matricesOf(weights), values, 1, { mayRound, dtype }));
}
