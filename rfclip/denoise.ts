import type { PatchGrid } from '../clip/positions.ts';
import { blend } from '../engine/ops/blend.ts';
import { boxAverage } from '../engine/ops/boxAverage.ts';
import { maskedSelect } from '../engine/ops/maskedSelect.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type DistractionOptions, locateDistractionTokens } from './distractionTokens.ts';
import type { Trace } from './trace.ts';

/** How distraction tokens are found and replaced. */
export interface DenoiseOptions extends DistractionOptions {
  /** Share of the replacement in the result. Release: 0.4. */
  alpha: number;
}

/**
 * What the release does in place of the paper's embedding redistribution, to patch tokens of x [B, T, C], CLS first:
 *
 *     r_i  = 1/9 sum over the 3x3 neighbourhood of i of x     where i is in T_dis, zeros outside of the grid
 *     r_i  = x_i                                              elsewhere
 *     x_i <- (1 - alpha) x_i + alpha r_i
 *
 * All channels are replaced, the neighbourhood includes the token, and tokens at the border of the grid shrink. CLS is
 * averaged with itself. Source: the release's `feat_denoising`.
 */
export function denoise(x: Tensor, grid: PatchGrid, options: DenoiseOptions, trace?: Trace): Tensor {
  return x.device.scope(() => {
    const { phi, isDistraction } = locateDistractionTokens(x, options); // [B, T], [B, T]
    const average = boxAverage(x, grid.height, grid.width, 1); // [B, T, C]
    const replacement = maskedSelect(isDistraction, average, x); // [B, T, C]
    const out = blend(x, 1 - options.alpha, replacement, options.alpha); // [B, T, C]
    trace?.('denoise_in', x);
    trace?.('denoise_sink_value', phi);
    trace?.('denoise_mask', isDistraction);
    trace?.('denoise_out', out);
    return out;
  });
}
