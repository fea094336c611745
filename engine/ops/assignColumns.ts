import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Result of `assignColumns`. */
export interface Assignment {
  /** [batch, n] u32: the column of every row, a permutation. */
  column: Tensor;
  /** [batch, n]: the element of every row in its column. */
  score: Tensor;
}

/** Rows that the kernel's arrays have room for. */
const MAX_SIZE = 32;

/**
 * Gives every row of x [batch, n, n] f32 a column of its own so that the sum of the chosen elements is largest; n up to
 * 32. The sum is within n 1e-6 max|x| of the largest; where several assignments have it, any of them may come out.
 * Source: Kuhn 1955 and Munkres 1957 ("Hungarian"); `kernels/assign_columns.wgsl`.
 * @throws ShapeError when the matrices are not square or too large.
 */
export function assignColumns(x: Tensor): Assignment {
  requireDtype('assignColumns', 'x', x, 'f32');
  requireShape('assignColumns', 'x', x, [-1, -1, x.shape[1] ?? -1]);
  const [batch, n] = x.shape;
  if (n > MAX_SIZE)
    throw new ShapeError(
      `assignColumns: x is ${formatShape(x.shape)}, expected at most ${MAX_SIZE} rows`,
      'assignColumns',
    );
  const column = x.device.empty([batch, n], 'u32');
  const score = x.device.empty([batch, n]);
  if (x.size === 0) return { column, score };
  x.device.recorder.dispatch({
    kernel: 'assign_columns',
    params: { batch, n },
    tensors: [x, column, score],
    threads: batch,
    flops: 4 * n * x.size,
  });
  return { column, score };
}
