import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype } from './checks.ts';

/**
 * Cosines of tokens x [batch, tokens, tokens] f32 as weights: 0 where they are below `limit`; the first `skip` tokens
 * are left alone, weight 1 for themselves and 0 for and by others.
 * Source: the release's `feat_enhancing`; `kernels/keep_similar.wgsl`.
 * @throws ShapeError when x holds no square matrices.
 */
export function keepSimilar(x: Tensor, limit: number, skip: number): Tensor {
  requireDtype('keepSimilar', 'x', x, 'f32');
  const [, rows, tokens] = x.shape;
  if (x.rank !== 3 || rows !== tokens)
    throw new ShapeError(`keepSimilar: x is ${formatShape(x.shape)}, expected [batch, tokens, tokens]`, 'keepSimilar');
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'keep_similar',
    params: { size: x.size, tokens, skip, limit },
    tensors: [x, y],
    threads: x.size,
    flops: x.size,
  });
  return y;
}
