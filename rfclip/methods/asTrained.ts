import { attend } from '../../clip/attention.ts';
import type { BlockHooks, ImageEncoder } from '../../clip/imageEncoder.ts';
import { clsTokensInPlace } from '../../clip/tokens.ts';
import { addMlp, type BlockInput, projectOut, projectQkv, streamOf } from '../../clip/transformerBlock.ts';
import { inScopedPart } from '../../engine/parts.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** The residual stream [B, T, C] that enters the last block, with `hooks` in the blocks before it. */
export function runEarlierBlocks(encoder: ImageEncoder, images: Tensor, hooks?: BlockHooks): Tensor {
  return encoder.device.scope(() => streamOf(runEarlierBlocksInto(encoder, images, hooks)));
}

/** `runEarlierBlocks` whose result may hold LayerNorm 1 of the last block, where `afterBlock` took it. */
export function runEarlierBlocksInto(encoder: ImageEncoder, images: Tensor, hooks?: BlockHooks): BlockInput {
  return encoder.runBlocksInto(encoder.enter(images), 0, encoder.blocks.length - 1, hooks, true);
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
