import { channelShare } from '../engine/ops/channelShare.ts';
import { greaterThan } from '../engine/ops/threshold.ts';
import { inPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';

/** How distraction tokens are told from the others. */
export interface DistractionOptions {
  /** [count] u32: the distraction dimensions D_dis, the over-activated channels of the architecture. */
  distractionDimensions: Tensor;
  /** A token is a distraction token where its score exceeds tau = sigma / C. Published: 5. */
  sigma: number;
}

/** Scores of tokens and what they decide. */
export interface DistractionTokens {
  /** [...]: phi, the largest share that a distraction dimension has of a token. */
  phi: Tensor;
  /** [...]: 1 for the tokens of T_dis, else 0. */
  isDistraction: Tensor;
}

/**
 * Distractor localisation in the tokens f [..., C] of a residual stream:
 *
 *     phi_i = max over j in D_dis of g_i[j] / sum over k of g_i[k]     with g_i = f_i - min over k of f_i[k]
 *     T_dis = { i : phi_i > tau }                                      with tau = sigma / C
 *
 * Source: RF-CLIP, distractor localisation, tau = 5/d. That the minimum is subtracted first, without which channels of
 * both signs have no shares, follows the release's `feat_denoising`.
 */
export function locateDistractionTokens(f: Tensor, options: DistractionOptions): DistractionTokens {
  const C = f.shape[f.rank - 1];
  return inPart(f.device, 'locateDistractionTokens', () => {
    const phi = channelShare(f, options.distractionDimensions); // [...]
    return { phi, isDistraction: greaterThan(phi, options.sigma / C) };
  });
}
