import { attentionValues, attentionWeights, type Qkv } from '../../clip/attention.ts';
import { add } from '../../engine/ops/blend.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { lastBlockEncoder } from './lastBlock.ts';
import { defineMethod } from './method.ts';

/**
 * Correlative self-attention, [B, H, T, T], rows sum to 2: `softmax(q q^T / sqrt(D)) + softmax(k k^T / sqrt(D))`.
 * Source: Wang et al., ECCV 2024; published `custom_attn`.
 */
export function correlativeSelfAttention(qkv: Qkv): Tensor {
  return qkv.tensor.device.scope(() =>
    add(attentionWeights(qkv, 'query', 'query'), attentionWeights(qkv, 'key', 'key')),
  );
}

/**
 * SCLIP: correlative self-attention in the last block; residual and MLP are kept.
 * Source: Wang et al., ECCV 2024; published `custom_attn`.
 */
export function makeSclip(): DenseEncoder {
  const attention = (qkv: Qkv) => attentionValues(correlativeSelfAttention(qkv), qkv, 'factor');
  return { ...lastBlockEncoder({ attention, architecture: 'full' }), keepsImagesApart: true };
}

/** SCLIP as published. */
export const sclip = defineMethod({
  name: 'sclip',
  summary: 'last block: q-q plus k-k attention',
  source: 'Wang et al., ECCV 2024',
  needs: {},
  family: 'sclip',
  defaults: {},
  make: () => makeSclip(),
});
