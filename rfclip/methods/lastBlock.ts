import { attend, type Qkv } from '../../clip/attention.ts';
import type { BlockHooks, ImageEncoder } from '../../clip/imageEncoder.ts';
import { addMlp, type BlockInput, projectOut, projectQkv, streamOf } from '../../clip/transformerBlock.ts';
import { clsTokens, clsTokensInPlace, patchTokens } from '../../clip/tokens.ts';
import { inScopedPart } from '../../engine/parts.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { plainClip } from './clip.ts';
import type { DenseEncoder } from './denseEncoder.ts';

/**
 * What a method does to the last block: its attention mix, and whether the residual and the MLP stay (`full`) or only
 * the output projection (`reduced`).
 */
export interface LastBlockChange {
  attention: (qkv: Qkv) => Tensor;
  architecture: 'full' | 'reduced';
}

/** The residual stream [B, T, C] that enters the last block, with `hooks` in the blocks before it. */
export function runEarlierBlocks(encoder: ImageEncoder, images: Tensor, hooks?: BlockHooks): Tensor {
  return encoder.device.scope(() => streamOf(runEarlierBlocksInto(encoder, images, hooks)));
}

/** `runEarlierBlocks` whose result may hold LayerNorm 1 of the last block, where `afterBlock` took it. */
export function runEarlierBlocksInto(encoder: ImageEncoder, images: Tensor, hooks?: BlockHooks): BlockInput {
  return encoder.runBlocksInto(encoder.enter(images), 0, encoder.blocks.length - 1, hooks);
}

/** The last block as CLIP was trained, of the residual stream x [B, T, C] that enters it. */
export function lastBlockAsTrained(encoder: ImageEncoder, x: BlockInput): Tensor {
  return encoder.runBlocks(x, encoder.blocks.length - 1, encoder.blocks.length);
}

/**
 * The CLS row of `lastBlockAsTrained`, [B, 1, C], where nobody needs the others: it alone asks, and it alone goes
 * through what follows attention.
 */
export function lastClassAsTrained(encoder: ImageEncoder, input: BlockInput): Tensor {
  const weights = encoder.blocks.at(-1)!;
  const { activation, vision } = encoder.config;
  return inScopedPart(encoder.device, 'lastClass', () => {
    const [B, , C] = streamOf(input).shape;
    const cls = clsTokensInPlace(streamOf(input)).reshape([B, 1, C]);
    const qkv = projectQkv(input, weights, vision.heads); // [B, T, 3 C]
    const values = attend(qkv, 'query', 'key', { use: 'factor', queries: 1 }); // [B, 1, C]
    return addMlp(projectOut(values, weights, cls), weights, activation); // [B, 1, C]
  });
}

/** All tokens [B, T, E] of CLIP with a changed last block. */
export function encodeWithLastBlock(encoder: ImageEncoder, images: Tensor, change: LastBlockChange): Tensor {
  return encoder.device.scope(() => {
    const weights = encoder.blocks.at(-1)!;
    const x = runEarlierBlocks(encoder, images); // [B, T, C]
    const values = change.attention(projectQkv(x, weights, encoder.config.vision.heads)); // [B, T, C]
    if (change.architecture === 'reduced') return encoder.project(projectOut(values, weights)); // [B, T, E]
    return encoder.project(addMlp(projectOut(values, weights, x), weights, encoder.config.activation)); // [B, T, E]
  });
}

/** A method that changes only the last block; its CLS feature is the changed block's too. */
export function lastBlockEncoder(change: LastBlockChange): DenseEncoder {
  return {
    encode: (encoder, images) =>
      encoder.device.scope(() => {
        const tokens = encodeWithLastBlock(encoder, images, change); // [B, T, E]
        return { patches: patchTokens(tokens), cls: clsTokens(tokens) };
      }),
    encodeClass: plainClip.encodeClass,
  };
}
