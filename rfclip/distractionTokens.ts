import type { PatchGrid } from '../clip/positions.ts';
import { blend } from '../engine/ops/blend.ts';
import { boxAverage } from '../engine/ops/boxAverage.ts';
import { channelShare } from '../engine/ops/channelShare.ts';
import { maskedSelect } from '../engine/ops/maskedSelect.ts';
import { greaterThan } from '../engine/ops/threshold.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Trace } from './methods/denseEncoder.ts';

/** How distraction tokens are found and repaired. */
export interface DenoiseOptions {
  /** [count] u32: the over-activated dimensions D of the architecture. */
  distractionDimensions: Tensor;
  /** A token is a distraction token where its score exceeds sigma / C. Published: 5. */
  sigma: number;
  /** Share of the replacement in the result. Published: 0.4. */
  alpha: number;
}

/**
 * Feature denoising of the residual stream x [B, T, C], CLS first. A patch token whose largest distraction dimension
 * holds more than sigma / C of its mass (above its minimum) is a distraction token and gives way to the 3x3 mean of its
 * neighbourhood: `x = (1 - alpha) x + alpha (replacement or x)`. CLS is kept.
 * Source: RF-CLIP, distractor localisation (tau = 5/d) and embedding redistribution, in the form of the release's
 * `feat_denoising`: all dimensions are replaced, the mean includes the token and is always divided by 9.
 */
export function denoise(x: Tensor, grid: PatchGrid, options: DenoiseOptions, trace?: Trace): Tensor {
  const C = x.shape[2];
  return x.device.scope(() => {
    const score = channelShare(x, options.distractionDimensions); // [B, T]
    const isDistraction = greaterThan(score, options.sigma / C); // [B, T]
    const average = boxAverage(x, grid.height, grid.width, 1); // [B, T, C]
    const replacement = maskedSelect(isDistraction, average, x); // [B, T, C]
    const out = blend(x, 1 - options.alpha, replacement, options.alpha); // [B, T, C]
    trace?.('denoise_in', x);
    trace?.('denoise_sink_value', score);
    trace?.('denoise_mask', isDistraction);
    trace?.('denoise_out', out);
    return out;
  });
}
