import type { Qkv } from '../../clip/attention.ts';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import { addMlp, projectOut, projectQkv } from '../../clip/transformerBlock.ts';
import { clsTokens, patchTokens } from '../../clip/tokens.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { runEarlierBlocks } from './asTrained.ts';
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
