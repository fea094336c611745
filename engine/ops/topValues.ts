import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype } from './checks.ts';

/** Result of `topValues`. */
export interface TopValues {
  /** [..., count], largest first. */
  values: Tensor;
  /** [..., count] u32: places in the row; of equal values the earlier one first. */
  index: Tensor;
}

/**
 * The largest `count` elements of every row of x [..., width] f32, and where they are.
 * Source: `torch.topk`; `kernels/top_values.wgsl`.
 * @throws ShapeError when a row has fewer than `count` elements.
 */
export function topValues(x: Tensor, count: number): TopValues {
  const width = lastAxis('topValues', 'x', x);
  requireDtype('topValues', 'x', x, 'f32');
  if (!(Number.isInteger(count) && count >= 1 && count <= width))
    throw new ShapeError(`topValues: ${count} values of rows of ${formatShape(x.shape)}`, 'topValues');
  const rows = x.size / width;
  const shape = [...x.shape.slice(0, -1), count];
  const values = x.device.empty(shape);
  const index = x.device.empty(shape, 'u32');
  x.device.recorder.dispatch({
    kernel: 'top_values',
    params: { rows, width, count },
    tensors: [x, values, index],
    threads: rows,
    flops: count * x.size,
  });
  return { values, index };
}
