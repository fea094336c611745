import { clsTokens, patchTokens } from '../../clip/tokens.ts';
import { NO_IMAGE_SEMANTICS } from '../settings.ts';
import { classFeature } from './classFeature.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { lastClassAsTrained, runEarlierBlocks } from './asTrained.ts';
import { defineMethod } from './method.ts';

/**
 * Plain CLIP: every token of the last block, normalised and projected as CLIP does with CLS.
 * Source: Radford et al. 2021; `VisionTransformer.forward` without dropping the patch tokens.
 */
export const plainClip: DenseEncoder = {
  encode(encoder, images) {
    return encoder.device.scope(() => {
      const tokens = encoder.encode(images); // [B, T, E]
      return { patches: patchTokens(tokens), cls: clsTokens(tokens) };
    });
  },
  encodeClass(encoder, images) {
    return encoder.device.scope(() => {
      const x = runEarlierBlocks(encoder, images); // [B, T, C]
      return classFeature(encoder, lastClassAsTrained(encoder, x));
    });
  },
};

/** Plain CLIP as a method. */
export const clip = defineMethod({
  name: 'clip',
  summary: 'nothing; every token of the last block is projected',
  source: 'Radford et al., ICML 2021',
  needs: {},
  // Nobody published settings for it in this protocol: RF-CLIP's size, windows and threshold, so that what differs is
  // the method.
  family: 'rfclip',
  defaults: {},
  overrides: NO_IMAGE_SEMANTICS,
  make: () => ({ ...plainClip, keepsImagesApart: true }),
});
