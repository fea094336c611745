import { type Qkv, qkvPart } from '../../clip/attention.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { NO_IMAGE_SEMANTICS } from '../settings.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { type LastBlockChange, lastBlockEncoder } from './lastBlock.ts';
import { defineMethod } from './method.ts';

/** The values themselves: every token attends to itself alone. */
function ownValues(qkv: Qkv): Tensor {
  return qkvPart(qkv, 'value'); // [B, T, C]
}

/**
 * MaskCLIP: the value path of the last block instead of attention, without residual and MLP.
 * Source: Zhou et al., ECCV 2022, section 3.2.
 */
export function makeMaskclip(architecture: LastBlockChange['architecture'] = 'reduced'): DenseEncoder {
  return { ...lastBlockEncoder({ attention: ownValues, architecture }), keepsImagesApart: true };
}

/** MaskCLIP as published, `reduced`. */
export const maskclip = defineMethod({
  name: 'maskclip',
  summary: 'last block: values are not mixed',
  source: 'Zhou et al., ECCV 2022',
  needs: {},
  // As for plain CLIP, nobody published settings for it in this protocol.
  family: 'rfclip',
  defaults: {},
  overrides: NO_IMAGE_SEMANTICS,
  make: () => makeMaskclip(),
});
