import type { Device } from '../engine/device.ts';
import { inPart, inScopedPart } from '../engine/parts.ts';
import { layerNorm, type LayerNormOptions } from '../engine/ops/layerNorm.ts';
import { type Activation, matmul } from '../engine/ops/matmul.ts';
import { Tensor } from '../engine/tensor.ts';
import { attend, type Qkv } from './attention.ts';
import type { CheckpointFile } from './checkpoint/checkpointFile.ts';
import { readWeights } from './checkpoint/finiteWeights.ts';
import { takeUploaded } from './checkpoint/lateReads.ts';
import { weightType } from './weightType.ts';

/** Weights of a LayerNorm; without an epsilon of its own it has CLIP's. */
export interface LayerNormWeights {
  gamma: Tensor;
  beta: Tensor;
  epsilon?: number;
}

/** Weights of one residual attention block; linear weights are [out, in] as PyTorch stores them. */
export interface BlockWeights {
  layerNorm1: LayerNormWeights;
  qkv: { weight: Tensor; bias: Tensor };
  outProjection: { weight: Tensor; bias: Tensor };
  layerNorm2: LayerNormWeights;
  mlpExpand: { weight: Tensor; bias: Tensor };
  mlpContract: { weight: Tensor; bias: Tensor };
}

/** A residual stream [B, T, C] with LayerNorm 1 of the block that it enters, which the launch that made it took too. */
export interface NormalisedStream {
  x: Tensor;
  /** [B, T, C], f32 or f16. */
  normalised: Tensor;
}

/** What enters a block. */
export type BlockInput = Tensor | NormalisedStream;

/** The residual stream [B, T, C] of what enters a block. */
export function streamOf(input: BlockInput): Tensor {
  return input instanceof Tensor ? input : input.x;
}

/**
 * How a block attends: from the fused projection to the mixed values [B, T, C] before the output projection. CLIP's own
 * policy is `queryKeyAttention`; a dense method replaces it.
 */
export type AttentionPolicy = (qkv: Qkv) => Tensor;

/** CLIP's attention: softmax(q k^T / sqrt(D)) v. */
export const queryKeyAttention: AttentionPolicy = (qkv) => attend(qkv, 'query', 'key', { use: 'factor' });

/** The text transformer's attention: a token sees itself and those before it. */
export const causalAttention: AttentionPolicy = (qkv) => attend(qkv, 'query', 'key', { causal: true, use: 'factor' });

/** Uploads the weights of block `prefix` (OpenAI naming, e.g. `visual.transformer.resblocks.0`). */
export function loadBlock(device: Device, file: CheckpointFile, prefix: string): BlockWeights {
  const load = (name: string) => loadTensor(device, file, `${prefix}.${name}`);
  const loadWeight = (name: string) => loadFactor(device, file, `${prefix}.${name}`);
  return {
    layerNorm1: { gamma: load('ln_1.weight'), beta: load('ln_1.bias') },
    qkv: { weight: loadWeight('attn.in_proj_weight'), bias: load('attn.in_proj_bias') },
    outProjection: { weight: loadWeight('attn.out_proj.weight'), bias: load('attn.out_proj.bias') },
    layerNorm2: { gamma: load('ln_2.weight'), beta: load('ln_2.bias') },
    mlpExpand: { weight: loadWeight('mlp.c_fc.weight'), bias: load('mlp.c_fc.bias') },
    mlpContract: { weight: loadWeight('mlp.c_proj.weight'), bias: load('mlp.c_proj.bias') },
  };
}

/**
 * Uploads a tensor that only ever is a factor of a product, see `weightType`.
 * @throws CheckpointError when it is not there or not finite; RfclipError for a value that f16 cannot hold
 */
export function loadFactor(device: Device, file: CheckpointFile, name: string): Tensor {
  return upload(device, file, name, weightType(device, file.tensors.get(name)?.shape ?? []));
}

/** Uploads one tensor of a checkpoint as f32. @throws CheckpointError when it is not there or not finite. */
export function loadTensor(device: Device, file: CheckpointFile, name: string): Tensor {
  return upload(device, file, name, 'f32');
}

function upload(device: Device, file: CheckpointFile, name: string, type: 'f32' | 'f16'): Tensor {
  return takeUploaded(file, name, type) ?? device.tensor(readWeights(file, name), file.tensors.get(name)!.shape, type);
}

/** LayerNorm 1 of a block, for what makes its input to take it too. */
export function firstNorm({ layerNorm1, qkv }: BlockWeights): LayerNormOptions {
  return { ...layerNorm1, dtype: factorType(qkv.weight) };
}

/** The fused projection of LayerNorm 1 of x [B, T, C]: what a block's attention is made of. */
export function projectQkv(input: BlockInput, weights: BlockWeights, heads: number): Qkv {
  const { weight, bias } = weights.qkv;
  return inPart(weight.device, 'projectQkv', () => {
    // [B, T, C]
    const normalised = input instanceof Tensor ? normalise(input, weights.layerNorm1, weight) : input.normalised;
    const tensor = matmul(normalised, weight, { transposeB: true, bias }); // [B, T, 3 C]
    return { tensor, heads, mayRound: weight.dtype === 'f16' };
  });
}

/** `projectQkv` without the query, for attention among keys. */
export function projectKeyValue(x: Tensor, weights: BlockWeights, heads: number): Qkv {
  const { weight, bias } = weights.qkv;
  const C = x.shape[2];
  return inScopedPart(x.device, 'projectKeyValue', () => {
    const normalised = normalise(x, weights.layerNorm1, weight); // [B, T, C]
    const tensor = matmul(normalised, weight.rows(C), { transposeB: true, bias: bias.rows(C) }); // [B, T, 2 C]
    return { tensor, heads, parts: ['key', 'value'], mayRound: weight.dtype === 'f16' };
  });
}

/** LayerNorm of x [..., C] as a factor beside a weight: in f16 where the weight is and matrix units read it. */
function normalise(x: Tensor, { gamma, beta, epsilon }: LayerNormWeights, weight: Tensor): Tensor {
  return layerNorm(x, gamma, beta, epsilon, factorType(weight));
}

function factorType({ dtype, device }: Tensor): 'f32' | 'f16' {
  return dtype === 'f16' && device.products.matrices !== undefined ? 'f16' : 'f32';
}

/** The output projection of `scale` times attended values [B, T, C], plus `residual` where given. */
export function projectOut(values: Tensor, weights: BlockWeights, residual?: Tensor, scale = 1): Tensor {
  const { weight, bias } = weights.outProjection;
  return inPart(values.device, 'projectOut', () => matmul(values, weight, { transposeB: true, bias, residual, scale }));
}

/** `x + MLP(LayerNorm2(x))` for x [B, T, C]. */
export function addMlp(x: Tensor, weights: BlockWeights, activation: Activation): Tensor {
  return inPart(x.device, 'addMlp', () => {
    const normalised = normalise(x, weights.layerNorm2, weights.mlpExpand.weight); // [B, T, C]
    const hidden = matmul(normalised, weights.mlpExpand.weight, {
      transposeB: true,
      bias: weights.mlpExpand.bias,
      activation,
      dtype: factorType(weights.mlpContract.weight),
    }); // [B, T, 4 C]
    // [B, T, C]
    return matmul(hidden, weights.mlpContract.weight, {
      transposeB: true,
      bias: weights.mlpContract.bias,
      residual: x,
    });
  });
}

/**
 * One block: `x = x + attention(LN1(x))`, then `x = x + MLP(LN2(x))`, for x [B, T, C].
 * Source: `ResidualAttentionBlock.forward` in OpenAI CLIP's `model.py`.
 */
export function transformerBlock(
  input: BlockInput,
  weights: BlockWeights,
  heads: number,
  activation: Activation,
  attention: AttentionPolicy,
): Tensor {
  const x = streamOf(input);
  return x.device.scope(() => {
    const values = attention(projectQkv(input, weights, heads)); // [B, T, C]
    const attended = projectOut(values, weights, x); // [B, T, C]
    return addMlp(attended, weights, activation); // [B, T, C]
  });
}
