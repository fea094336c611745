import { softmax } from '../engine/ops/softmax.ts';
import { type MatrixView, stridedMatmul } from '../engine/ops/matmul.ts';
import { ShapeError } from '../engine/errors.ts';
import { formatShape, type Tensor } from '../engine/tensor.ts';

/** The fused projection of one block, from which attention takes its parts without copying. */
export interface Qkv {
  /** [B, T, 3 C]: query, key and value of every token side by side. */
  tensor: Tensor;
  heads: number;
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

/** One part of a Qkv as [T, D] matrices, one per batch and head, from token `firstToken` on. */
export function partView(qkv: Qkv, part: QkvPart, firstToken = 0): MatrixView {
  const { T, C, D } = qkvSizes(qkv);
  return {
    tensor: qkv.tensor,
    offset: PART_INDEX[part] * C + firstToken * 3 * C,
    rowStride: 3 * C,
    innerStride: D,
    outerStride: T * 3 * C,
  };
}

/**
 * Attention weights `softmax(left right^T / sqrt(D))` over all tokens: [B, H, T, T], rows are queries. `left` and
 * `right` choose q-k (CLIP), k-k (RF-CLIP, NACLIP), q-q (SCLIP).
 * Source: Vaswani et al. 2017, equation 1.
 */
export function attentionWeights(qkv: Qkv, left: QkvPart, right: QkvPart, options: { causal?: boolean } = {}): Tensor {
  const { B, T, H, D } = qkvSizes(qkv);
  const { device } = qkv.tensor;
  return device.scope(() => {
    const scores = device.empty([B, H, T, T]);
    const out = { tensor: scores, offset: 0, rowStride: T, innerStride: T * T, outerStride: H * T * T };
    stridedMatmul(
      partView(qkv, left),
      partView(qkv, right),
      out,
      { m: T, n: T, k: D, outer: B, inner: H },
      { transposeB: true },
    );
    return softmax(scores, { scale: 1 / Math.sqrt(D), causal: options.causal }); // [B, H, T, T]
  });
}

/** `weights value`, heads side by side: weights [B, H, T, T], result [B, T, C]. */
export function attentionValues(weights: Tensor, qkv: Qkv): Tensor {
  const { B, T, C, H, D } = qkvSizes(qkv);
  const out = qkv.tensor.device.empty([B, T, C]);
  stridedMatmul(
    { tensor: weights, offset: 0, rowStride: T, innerStride: T * T, outerStride: H * T * T },
    partView(qkv, 'value'),
    { tensor: out, offset: 0, rowStride: C, innerStride: D, outerStride: T * C },
    { m: T, n: D, k: T, outer: B, inner: H },
  );
  return out;
}
