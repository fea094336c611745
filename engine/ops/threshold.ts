import type { Tensor } from '../tensor.ts';
import { requireDtype } from './checks.ts';

function threshold(x: Tensor, limit: number, mask: boolean): Tensor {
  requireDtype('threshold', 'x', x, 'f32');
  const y = x.device.empty(x.shape);
  x.device.recorder.dispatch({
    kernel: 'threshold',
    constants: { MASK: mask },
    params: { size: x.size, limit },
    tensors: [x, y],
    threads: x.size,
    flops: x.size,
  });
  return y;
}

/** x where it is at least `limit`, else 0 (cosine threshold of RF-CLIP's feature enhancement). f32, same shape. */
export function zeroBelow(x: Tensor, limit: number): Tensor {
  return threshold(x, limit, false);
}

/** 1 where x is above `limit`, else 0, as f32 (a mask for `maskedSelect` or `redistributeColumns`). Same shape. */
export function greaterThan(x: Tensor, limit: number): Tensor {
  return threshold(x, limit, true);
}
