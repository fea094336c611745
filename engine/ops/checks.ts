import { ShapeError } from '../errors.ts';
import { THREADS_PER_WORKGROUP } from '../dispatch.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { DType } from '../dtype.ts';

/**
 * How a kernel that works row by row is launched: LANES threads share a row, all those of a workgroup on a GPU. On a
 * CPU adapter a workgroup barrier costs more than summing a row alone, so one thread takes a whole row there.
 */
export function rowLanes(tensor: Tensor): number {
  return tensor.device.adapterClass === 'software' ? 1 : THREADS_PER_WORKGROUP;
}

/**
 * Channels that one thread of a channels-last pixel kernel computes. Finding a pixel's neighbours costs some fifty
 * operations; on a CPU adapter they are shared by a run of channels, on a GPU neighbouring threads take neighbouring
 * channels, so that their loads are one.
 */
export function channelRun(tensor: Tensor): number {
  return tensor.device.adapterClass === 'software' ? 16 : 1;
}

/** @throws ShapeError unless the tensor has this dtype. */
export function requireDtype(op: string, name: string, tensor: Tensor, dtype: DType): void {
  if (tensor.dtype !== dtype) throw new ShapeError(`${op}: ${name} is ${tensor.dtype}, expected ${dtype}`, op);
}

/** @throws ShapeError unless the tensor has exactly this shape; -1 matches any size. */
export function requireShape(op: string, name: string, tensor: Tensor, shape: readonly number[]): void {
  const fits = tensor.rank === shape.length && shape.every((size, axis) => size === -1 || size === tensor.shape[axis]);
  if (!fits) {
    const expected = `[${shape.map((size) => (size === -1 ? '?' : size)).join(', ')}]`;
    throw new ShapeError(`${op}: ${name} is ${formatShape(tensor.shape)}, expected ${expected}`, op);
  }
}

/**
 * Rows of a grid of cells behind `skip` others, of which a mask says something cell by cell.
 * @throws ShapeError unless x is [batch, skip + cells, width] and mask [batch, cells], both f32
 */
export function requireMaskedCells(op: string, x: Tensor, mask: Tensor, cells: number, skip: number): void {
  requireDtype(op, 'x', x, 'f32');
  requireShape(op, 'x', x, [-1, skip + cells, -1]);
  requireDtype(op, 'mask', mask, 'f32');
  requireShape(op, 'mask', mask, [x.shape[0], cells]);
}

/** Size of the last axis. @throws ShapeError for a scalar or an empty last axis. */
export function lastAxis(op: string, name: string, tensor: Tensor): number {
  const width = tensor.shape.at(-1);
  if (width === undefined || width === 0)
    throw new ShapeError(`${op}: ${name} is ${formatShape(tensor.shape)}, expected at least one column`, op);
  return width;
}
