import type { PatchGrid } from '../clip/positions.ts';
import { type BlockInput, type BlockWeights, firstNorm } from '../clip/transformerBlock.ts';
import { blend } from '../engine/ops/blend.ts';
import { boxAverage } from '../engine/ops/boxAverage.ts';
import { type DenoisedTokens, denoiseTokens } from '../engine/ops/denoiseTokens.ts';
import { maskedSelect } from '../engine/ops/maskedSelect.ts';
import { inPart, inScopedPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type DistractionOptions, locateDistractionTokens } from './distractionTokens.ts';
import type { LayerSum } from './layerSum.ts';
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
  return trace === undefined ? denoiseAtOnce(x, grid, options).tokens : denoiseStepByStep(x, grid, options, trace);
}

/** What goes along with the denoising of a layer's output. */
export interface DenoiseCompany {
  /** The block that comes next, whose LayerNorm 1 is taken in the same launch. */
  next?: BlockWeights;
  /** What the result joins, in the same launch. */
  layers?: LayerSum;
  trace?: Trace;
}

/** `denoise` in a layer, x [B, T, C]: all at once, or step by step where somebody looks, without the LayerNorm. */
export function denoiseLayer(
  x: Tensor,
  grid: PatchGrid,
  options: DenoiseOptions,
  { next, layers, trace }: DenoiseCompany,
): BlockInput {
  if (trace !== undefined) {
    const out = denoiseStepByStep(x, grid, options, trace); // [B, T, C]
    layers?.add(out);
    return out;
  }
  const previous = layers !== undefined && layers.count > 0 ? layers.sum : undefined;
  const { tokens, normalised, total } = denoiseAtOnce(x, grid, options, next, previous); // [B, T, C] each
  layers?.join(() => total ?? tokens);
  return normalised === undefined ? tokens : { x: tokens, normalised };
}

function denoiseAtOnce(
  x: Tensor,
  grid: PatchGrid,
  options: DenoiseOptions,
  next?: BlockWeights,
  previous?: Tensor,
): DenoisedTokens {
  return inPart(x.device, 'denoise', () =>
    denoiseTokens(x, {
      channels: options.distractionDimensions,
      limit: options.sigma / x.shape[2],
      alpha: options.alpha,
      gridHeight: grid.height,
      gridWidth: grid.width,
      skip: 1,
      previous,
      norm: next && firstNorm(next),
    }),
  );
}

/** The version to read; the other is the same in one launch, but keeps nothing to look at. */
function denoiseStepByStep(x: Tensor, grid: PatchGrid, options: DenoiseOptions, trace: Trace): Tensor {
  return inScopedPart(x.device, 'denoise', () => {
    const { phi, isDistraction } = locateDistractionTokens(x, options); // [B, T], [B, T]
    const average = boxAverage(x, grid.height, grid.width, 1); // [B, T, C]
    const replacement = maskedSelect(isDistraction, average, x); // [B, T, C]
    const out = blend(x, 1 - options.alpha, replacement, options.alpha); // [B, T, C]
    trace('denoise_in', x);
    trace('denoise_sink_value', phi);
    trace('denoise_mask', isDistraction);
    trace('denoise_out', out);
    return out;
  });
}
