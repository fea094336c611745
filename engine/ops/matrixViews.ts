import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * A batch of matrices inside a tensor, in elements: matrix (outer, inner) starts at
 * `offset + outer * outerStride + inner * innerStride`, its rows are `rowStride` apart, its columns are contiguous.
 */
export interface MatrixView {
  tensor: Tensor;
  offset: number;
  rowStride: number;
  innerStride: number;
  outerStride: number;
}

/** A `MatrixView` that knows its sizes: outer x inner matrices of [rows, columns]. */
export interface Matrices extends MatrixView {
  rows: number;
  columns: number;
  inner: number;
  outer: number;
}

/** Sizes of a strided product: `out[outer][inner]` is [m, n], summed over k. */
export interface MatmulSizes {
  m: number;
  n: number;
  k: number;
  outer: number;
  inner: number;
}

/** View of a tensor as consecutive [rows, columns] matrices, one per inner batch. */
export function contiguousView(tensor: Tensor, rows: number, columns: number): MatrixView {
  return { tensor, offset: 0, rowStride: columns, innerStride: rows * columns, outerStride: 0 };
}

/**
 * The matrices that the last two axes of x are: [outer, inner, rows, columns], [inner, rows, columns] or
 * [rows, columns].
 * @throws ShapeError for another rank.
 */
export function matricesOf(x: Tensor): Matrices {
  if (x.rank < 2 || x.rank > 4)
    throw new ShapeError(`matricesOf: x is ${formatShape(x.shape)}, expected 2 to 4 axes`, 'matricesOf');
  const [outer, inner, rows, columns] = [1, 1, 1, ...x.shape].slice(-4);
  const innerStride = rows * columns;
  return {
    tensor: x,
    offset: 0,
    rows,
    columns,
    rowStride: columns,
    inner,
    innerStride,
    outer,
    outerStride: inner * innerStride,
  };
}

/**
 * The matrices [rows, columns] that stand side by side in x [outer, rows, count * columns], `count` of them in each:
 * the heads of tokens.
 * @throws ShapeError when x has not three axes or `count` does not divide the last one.
 */
export function columnBlocks(x: Tensor, count: number): Matrices {
  const [outer, rows, width] = x.shape;
  if (x.rank !== 3 || width % count !== 0) {
    throw new ShapeError(
      `columnBlocks: x is ${formatShape(x.shape)}, expected [outer, rows, ${count} * columns]`,
      'columnBlocks',
    );
  }
  const columns = width / count;
  return {
    tensor: x,
    offset: 0,
    rows,
    columns,
    rowStride: width,
    inner: count,
    innerStride: columns,
    outer,
    outerStride: rows * width,
  };
}

/** Matrices `first` to `first + count` (exclusive) along the inner axis of the batch. */
export function innerRange(view: Matrices, first: number, count: number): Matrices {
  return { ...view, offset: view.offset + first * view.innerStride, inner: count };
}

/** Matrices `first` to `first + count` (exclusive) along the outer axis of the batch. */
export function outerRange(view: Matrices, first: number, count: number): Matrices {
  return { ...view, offset: view.offset + first * view.outerStride, outer: count };
}

/** The same matrices without their first rows and columns. */
export function dropFirst(view: Matrices, rows: number, columns = 0): Matrices {
  return {
    ...view,
    offset: view.offset + rows * view.rowStride + columns,
    rows: view.rows - rows,
    columns: view.columns - columns,
  };
}

/**
 * Kernels would read or write whatever lies beyond a tensor in its buffer.
 * @throws ShapeError unless all matrices of a view, outer x inner of [rows, columns], lie inside its tensor
 */
export function requireInside(
  op: string,
  name: string,
  { tensor, offset, rowStride, innerStride, outerStride }: MatrixView,
  { outer, inner, rows, columns }: Pick<Matrices, 'outer' | 'inner' | 'rows' | 'columns'>,
): void {
  if (rows * columns === 0) return;
  const last = offset + (outer - 1) * outerStride + (inner - 1) * innerStride + (rows - 1) * rowStride + columns;
  if (last > tensor.size) {
    throw new ShapeError(
      `${op}: the view of ${name} ends at element ${last} of tensor ${formatShape(tensor.shape)}`,
      op,
    );
  }
}

/** Whether all rows of a view start at multiples of 4 elements, so that kernels may bind it as vectors. */
export function isVectorView(view: MatrixView): boolean {
  // WebGPU refuses an array<vec4f> binding of less than one vector.
  if (view.tensor.size < 4) return false;
  return [view.offset, view.rowStride, view.innerStride, view.outerStride].every((distance) => distance % 4 === 0);
}

/** A view's sizes. */
export function formatView({ outer, inner, rows, columns }: Matrices): string {
  return formatShape([outer, inner, rows, columns]);
}
