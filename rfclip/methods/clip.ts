import { clsTokens, patchTokens } from './tokens.ts';
import type { DenseMethod } from './denseMethod.ts';

/**
 * Plain CLIP: every token of the last block, normalised and projected as CLIP does with CLS.
 * Source: Radford et al. 2021; `VisionTransformer.forward` without dropping the patch tokens.
 */
export const clip: DenseMethod = {
  name: 'clip',
  summary: 'the last block as trained; every token projected',
  source: 'Radford et al., ICML 2021',
  encode(encoder, images) {
    return encoder.device.scope(() => {
      const tokens = encoder.encode(images); // [B, T, E]
      return { patches: patchTokens(tokens), cls: clsTokens(tokens) };
    });
  },
  encodeClass(encoder, images) {
    return encoder.device.scope(() => {
      const x = encoder.runBlocks(encoder.begin(images), 0, encoder.blocks.length); // [B, T, C]
      return encoder.project(clsTokens(x)); // [B, E]
    });
  },
};
