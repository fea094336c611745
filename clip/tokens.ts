import { copyBlocks } from '../engine/ops/copyBlocks.ts';
import { dropFirst, type Matrices, matricesOf } from '../engine/ops/matrixViews.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type Qkv, type QkvPart, qkvPart } from './attention.ts';

/** The CLS row of every batch: x [B, T, C] becomes [B, C]. */
export function clsTokens(x: Tensor): Tensor {
  const [B, T, C] = x.shape;
  return copyBlocks(x, { count: B, length: C, offset: 0, stride: T * C });
}

/** `clsTokens` for what is read at once: the row of a single image is not copied, so all its tokens stay in memory. */
export function clsTokensInPlace(x: Tensor): Tensor {
  const [B, T, C] = x.shape;
  return B === 1 ? x.device.scope(() => x.reshape([T, C]).rows(0, 1)) : clsTokens(x);
}

/** The patch rows of every batch: x [B, T, C] becomes [B, T - 1, C]. */
export function patchTokens(x: Tensor): Tensor {
  const [B, T, C] = x.shape;
  const { device } = x;
  if (B === 1)
    return device.scope(() =>
      x
        .reshape([T, C])
        .rows(1)
        .reshape([1, T - 1, C]),
    );
  return device.scope(() =>
    copyBlocks(x, { count: B, length: (T - 1) * C, offset: C, stride: T * C }).reshape([B, T - 1, C]),
  );
}

/** A copy of one part of a fused projection without its CLS row, heads side by side: [B, N, C]. */
export function patchPart(qkv: Qkv, part: QkvPart): Tensor {
  return qkv.tensor.device.scope(() => patchTokens(qkvPart(qkv, part)));
}

/** The patch rows of views of tokens: matrices [T, C] become [N, C], in place. */
export function patchRows(tokens: Matrices): Matrices {
  return dropFirst(tokens, 1);
}

/** The weights among patches inside attention weights [B, H, T, T]: B x H matrices [N, N], without CLS. */
export function patchPairs(weights: Tensor): Matrices {
  return dropFirst(matricesOf(weights), 1, 1);
}
