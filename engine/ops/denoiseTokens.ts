import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape, rowLanes } from './checks.ts';
import { LAYER_NORM_EPSILON, type LayerNormOptions, requireLayerNorm } from './layerNorm.ts';

/** How `denoiseTokens` finds and replaces tokens. */
export interface DenoiseTokensOptions {
  /** [count] u32 below width (not checked on the device), the channels whose share of a token decides. */
  channels: Tensor;
  /** Tokens with a larger share are replaced. */
  limit: number;
  /** Share of the replacement in the result. */
  alpha: number;
  gridHeight: number;
  gridWidth: number;
  /** Rows before the grid of each batch, which are never replaced. */
  skip?: number;
  /** Added to the result in `total`; x's shape. */
  previous?: Tensor;
  /** Takes this LayerNorm of the result, as `normalised`. */
  norm?: LayerNormOptions;
}

/** What `denoiseTokens` gives. */
export interface DenoisedTokens {
  /** [batch, skip + gridHeight * gridWidth, width]. */
  tokens: Tensor;
  /** `previous + tokens`, where `previous` was given. */
  total?: Tensor;
  /** The `layerNorm` of `tokens` by `norm`, where that was given. */
  normalised?: Tensor;
}

/**
 * In one launch what five ops do, or seven. x [batch, skip + gridHeight * gridWidth, width] f32:
 *
 *     r      = maskedSelect(greaterThan(channelShare(x, channels), limit), boxAverage(x, ..., skip), x)
 *     tokens = blend(x, 1 - alpha, r, alpha)
 *
 * Source: RF-CLIP's published `feat_denoising`; `kernels/denoise_tokens.wgsl`.
 * @throws ShapeError when shapes or dtypes do not fit.
 */
export function denoiseTokens(x: Tensor, options: DenoiseTokensOptions): DenoisedTokens {
  const { channels, limit, alpha, gridHeight, gridWidth, skip = 0, previous, norm } = options;
  const width = lastAxis('denoiseTokens', 'x', x);
  requireDtype('denoiseTokens', 'x', x, 'f32');
  requireShape('denoiseTokens', 'x', x, [-1, skip + gridHeight * gridWidth, -1]);
  requireDtype('denoiseTokens', 'channels', channels, 'u32');
  requireShape('denoiseTokens', 'channels', channels, [-1]);
  if (previous !== undefined) {
    requireDtype('denoiseTokens', 'previous', previous, 'f32');
    requireShape('denoiseTokens', 'previous', previous, x.shape);
  }
  if (norm !== undefined) requireLayerNorm('denoiseTokens', norm, width);
  const { device } = x;
  const { placeholder } = device;
  const rows = x.size / width;
  const lanes = rowLanes(x);
  const tokens = device.empty(x.shape);
  const total = previous && device.empty(x.shape);
  const normalised = norm && device.empty(x.shape, norm.dtype);
  // Bindings that are written cannot share the placeholder, which is bound for reading.
  const unused = [total, normalised].map((output) => (output === undefined ? device.empty([1]) : undefined));
  device.recorder.dispatch({
    kernel: 'denoise_tokens',
    constants: {
      LANES: lanes,
      SUM: previous !== undefined,
      ...(norm?.dtype === 'f16' ? { NORMALISED_ELEMENT: 'f16' } : {}),
    },
    params: {
      rows,
      width,
      count: channels.size,
      gridHeight,
      gridWidth,
      skip,
      norm: Number(norm !== undefined),
      limit,
      keep: 1 - alpha,
      alpha,
      eps: norm?.epsilon ?? LAYER_NORM_EPSILON,
    },
    tensors: [
      x,
      channels,
      previous ?? placeholder,
      tokens,
      total ?? unused[0]!,
      norm?.gamma ?? placeholder,
      norm?.beta ?? placeholder,
      normalised ?? unused[1]!,
    ],
    threads: rows * lanes,
    flops: (norm === undefined ? 6 : 14) * x.size,
  });
  for (const tensor of unused) tensor?.dispose();
  return { tokens, total, normalised };
}
