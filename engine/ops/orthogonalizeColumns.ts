import { ShapeError } from '../errors.ts';
import { foldWorkgroups } from '../dispatch.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Result of `orthogonalizeColumns`. */
export interface OrthogonalColumns {
  /**
   * [batch, heads, rows, width]: y = x V with orthogonal columns, U S of the singular value decomposition, unsorted.
   */
  y: Tensor;
  /** [batch, heads, width]: squared lengths of the columns, the eigenvalues of x x^T and x^T x. */
  squares: Tensor;
}

/** Sweeps that a matrix of random keys needs, for the profiler. */
const USUAL_SWEEPS = 12;

/**
 * Turns the columns of every head's matrix until they are orthogonal: x [batch, rows, heads * width] f32, where head h
 * has columns h * width to (h + 1) * width. Rows may be fewer than columns; the columns left over become (nearly) 0.
 * Error: `y y^T` is `x x^T` up to about 1e-6 of its largest eigenvalue, and two columns are orthogonal to 1e-6 of their
 * lengths plus 1e-7 of the longer one's and the whole matrix's. Source: one-sided Jacobi, Hestenes 1958;
 * `kernels/orthogonalize_columns.wgsl`.
 * @throws ShapeError when the heads do not divide the last axis.
 */
export function orthogonalizeColumns(x: Tensor, heads: number): OrthogonalColumns {
  requireDtype('orthogonalizeColumns', 'x', x, 'f32');
  requireShape('orthogonalizeColumns', 'x', x, [-1, -1, -1]);
  const [batch, rows, columns] = x.shape;
  const width = columns / heads;
  if (!Number.isInteger(width))
    throw new ShapeError(
      `orthogonalizeColumns: ${heads} heads do not divide the last axis of ${formatShape(x.shape)}`,
      'orthogonalizeColumns',
    );
  const y = x.device.empty([batch, heads, rows, width]);
  const squares = x.device.empty([batch, heads, width]);
  if (y.size === 0) return { y, squares };
  x.device.recorder.dispatch({
    kernel: 'orthogonalize_columns',
    params: { matrices: batch * heads, rows, width, heads },
    tensors: [x, y, squares],
    workgroups: foldWorkgroups(batch * heads),
    flops: USUAL_SWEEPS * 4.5 * x.size * width,
  });
  return { y, squares };
}
