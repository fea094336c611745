import { ShapeError } from '../engine/errors.ts';
import { prefersAttentionTiles } from '../engine/ops/attentionTiles.ts';
import { sliceColumns } from '../engine/ops/columns.ts';
import { flashAttention } from '../engine/ops/flashAttention.ts';
import { matmulViews } from '../engine/ops/matmul.ts';
import { columnBlocks, innerRange, type Matrices, matricesOf } from '../engine/ops/matrixViews.ts';
import { inPart } from '../engine/parts.ts';
import { softmax } from '../engine/ops/softmax.ts';
import { softmaxScores } from '../engine/ops/softmaxScores.ts';
import { formatShape } from '../engine/shape.ts';
import type { Tensor } from '../engine/tensor.ts';

/** The fused projection of one block, from which attention takes its parts without copying. */
export interface Qkv {
  /** [B, T, 3 C]: query, key and value of every token side by side; or [B, T, 2 C] without the query. */
  tensor: Tensor;
  heads: number;
  /** Which are there; default: all three. */
  parts?: readonly QkvPart[];
  /** Whether its products may be computed in f16, as those that made it; default: no. */
  mayRound?: boolean;
}

/** Which third of a `Qkv`. */
export type QkvPart = 'query' | 'key' | 'value';

const ALL_PARTS: readonly QkvPart[] = ['query', 'key', 'value'];

/** Sizes of a Qkv: batch B, tokens T, width C, heads H, head width D. @throws ShapeError for another rank. */
export function qkvSizes({ tensor, heads, parts = ALL_PARTS }: Qkv): {
  B: number;
  T: number;
  C: number;
  H: number;
  D: number;
} {
  if (tensor.rank !== 3 || tensor.shape[2] % (parts.length * heads) !== 0) {
    throw new ShapeError(
      `attention: qkv is ${formatShape(tensor.shape)}, expected ` +
        `[batch, tokens, ${parts.length} * ${heads} * head width]`,
      'attention',
    );
  }
  const [B, T, width] = tensor.shape;
  const C = width / parts.length;
  return { B, T, C, H: heads, D: C / heads };
}

/** The heads of one part of a Qkv: B x H matrices [T, D]. @throws ShapeError when the part is not there. */
export function headsOfPart(qkv: Qkv, part: QkvPart): Matrices {
  const { H } = qkvSizes(qkv);
  const { parts = ALL_PARTS } = qkv;
  return innerRange(columnBlocks(qkv.tensor, parts.length * H), indexOfPart(qkv, part) * H, H);
}

function indexOfPart({ parts = ALL_PARTS }: Qkv, part: QkvPart): number {
  const index = parts.indexOf(part);
  if (index < 0) throw new ShapeError(`attention: there is no ${part}, only ${parts.join(' and ')}`, 'attention');
  return index;
}

/** A copy of one part of a Qkv, heads side by side: [B, T, C]. */
export function qkvPart(qkv: Qkv, part: QkvPart): Tensor {
  const { C } = qkvSizes(qkv);
  const begin = indexOfPart(qkv, part) * C;
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
 * Attention weights `softmax(left right^T / sqrt(D))` over all tokens, plus `addend`: [B, H, T, T], rows are queries.
 * `left` and `right` choose q-k (CLIP), k-k (RF-CLIP, NACLIP), q-q (SCLIP). On a GPU in one launch.
 * Source: Vaswani et al. 2017, equation 1.
 */
export function attentionWeights(
  qkv: Qkv,
  left: QkvPart,
  right: QkvPart,
  { causal, addend }: { causal?: boolean; addend?: Tensor } = {},
): Tensor {
  const { D } = qkvSizes(qkv);
  const scale = 1 / Math.sqrt(D);
  const { device } = qkv.tensor;
  const [rows, columns] = [headsOfPart(qkv, left), headsOfPart(qkv, right)]; // B x H matrices [T, D]
  return inPart(device, `attentionWeights(${left}, ${right})`, () => {
    if (prefersAttentionTiles(device, D)) return softmaxScores(rows, columns, { scale, causal, addend });
    return device.scope(() => softmax(headProducts(rows, columns), { scale, causal, addend })); // [B, H, T, T]
  });
}

/** How values are used, see `attentionValues`. */
type ValueUse = 'factor' | 'value';

/**
 * `weights value`, heads side by side: weights [B, H, T, T], result [B, T, C].
 * @param use `factor` for what only the output projection reads: f16 where matrix units multiply it
 */
export function attentionValues(weights: Tensor, qkv: Qkv, use: ValueUse = 'value'): Tensor {
  const { mayRound = false, tensor } = qkv;
  const values = headsOfPart(qkv, 'value');
  const dtype = valueType(qkv, use);
  return inPart(tensor.device, 'attentionValues', () => mixHeads(matricesOf(weights), values, 1, { mayRound, dtype }));
}

function valueType({ mayRound = false, tensor }: Qkv, use: ValueUse): 'f32' | 'f16' {
  return use === 'factor' && mayRound && tensor.device.products.matrices !== undefined ? 'f16' : 'f32';
}

/** Which tokens attend, and to what use. */
export interface AttendOptions {
  causal?: boolean;
  /** As in `attentionValues`. */
  use?: ValueUse;
  /** Only this many tokens ask, the first ones; default: all. */
  queries?: number;
}

/**
 * `attentionValues` by `attentionWeights` that nobody wants to see: [B, T, C], or as many rows as there are `queries`.
 * On a GPU in one launch.
 */
export function attend(
  qkv: Qkv,
  left: QkvPart,
  right: QkvPart,
  { causal, use = 'value', queries }: AttendOptions = {},
): Tensor {
  const { B, T, C, H, D } = qkvSizes(qkv);
  const { mayRound, tensor } = qkv;
  const { device } = tensor;
  const rows = { ...headsOfPart(qkv, left), rows: queries ?? T }; // B x H matrices [queries, D]
  const [columns, values] = [headsOfPart(qkv, right), headsOfPart(qkv, 'value')]; // B x H matrices [T, D]
  const dtype = valueType(qkv, use);
  const scale = 1 / Math.sqrt(D);
  return inPart(device, `attend(${left}, ${right})`, () => {
    if (prefersAttentionTiles(device, D)) {
      const out = device.empty([B, rows.rows, C], dtype);
      flashAttention(rows, columns, values, columnBlocks(out, H), { scale, causal });
      return out;
    }
    return device.scope(() => {
      const weights = softmax(headProducts(rows, columns), { scale, causal }); // [B, H, queries, T]
      return mixHeads(matricesOf(weights), values, 1, { mayRound, dtype });
    });
  });
}
