import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape, rowLanes } from './checks.ts';
import { LAYER_NORM_EPSILON, type LayerNormOptions, requireLayerNorm } from './layerNorm.ts';

/** What `embedTokens` gives. */
export interface EmbeddedTokens {
  /** [batch, tokens, width]. */
  x: Tensor;
  /** [batch, tokens, width], f32 or f16. */
  normalised: Tensor;
}

/**
 * In one launch what four ops do: embedded patches [batch, tokens - 1, width] and positions [tokens, width], whose
 * first row has the class embedding added, f32, become
 *
 *     x          = layerNorm(tokens + positions) by `first`     with tokens = prependRow(embedded, 0)
 *     normalised = layerNorm(x) by `second`
 *
 * Source: `VisionTransformer.forward` in OpenAI CLIP's `model.py`; `kernels/embed_tokens.wgsl`.
 * @throws ShapeError when shapes or dtypes do not fit.
 */
export function embedTokens(
  embedded: Tensor,
  positions: Tensor,
  first: LayerNormOptions,
  second: LayerNormOptions,
): EmbeddedTokens {
  const width = lastAxis('embedTokens', 'positions', positions);
  requireDtype('embedTokens', 'embedded', embedded, 'f32');
  requireDtype('embedTokens', 'positions', positions, 'f32');
  requireShape('embedTokens', 'positions', positions, [-1, width]);
  const tokens = positions.shape[0];
  requireShape('embedTokens', 'embedded', embedded, [-1, tokens - 1, width]);
  requireLayerNorm('embedTokens', first, width);
  requireLayerNorm('embedTokens', second, width);
  const { device } = embedded;
  const batch = embedded.shape[0];
  const rows = batch * tokens;
  const lanes = rowLanes(embedded);
  const x = device.empty([batch, tokens, width]);
  const normalised = device.empty(x.shape, second.dtype);
  device.recorder.dispatch({
    kernel: 'embed_tokens',
    constants: { LANES: lanes, ...(second.dtype === 'f16' ? { NORMALISED_ELEMENT: 'f16' } : {}) },
    params: {
      rows,
      tokens,
      width,
      eps: first.epsilon ?? LAYER_NORM_EPSILON,
      secondEps: second.epsilon ?? LAYER_NORM_EPSILON,
    },
    tensors: [embedded, positions, first.gamma, first.beta, second.gamma, second.beta, x, normalised],
    threads: rows * lanes,
    flops: 17 * x.size,
  });
  return { x, normalised };
}
