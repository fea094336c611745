import { ShapeError } from '../errors.ts';
import type { Device } from '../device.ts';
import type { KernelParams } from '../kernelParams.ts';
import { requireDtype } from './checks.ts';
import { formatView, isVectorView, type Matrices, requireInside } from './matrixViews.ts';

/** Queries of a workgroup of `flash_attention` and `softmax_scores`. */
export const ATTENTION_ROWS = 32;

/** Widest heads that they take. */
const MOST_COLUMNS = 64;

/** Bytes of workgroup memory that `flash_attention` takes; `softmax_scores` takes less. */
const MEMORY = 16 * (96 * 5 + ATTENTION_ROWS * 17);

/** Whether heads of this width are whole vectors that the kernels hold, and their tiles fit into workgroup memory. */
function fitsAttentionTiles(device: Device, columns: number): boolean {
  const { maxComputeWorkgroupStorageSize } = device.gpu.limits;
  return columns > 0 && columns % 4 === 0 && columns <= MOST_COLUMNS && MEMORY <= maxComputeWorkgroupStorageSize;
}

/**
 * Whether attention with heads of a width takes `flash_attention` and `softmax_scores` on this device: on GPUs, where a
 * launch costs more than its work. A CPU adapter multiplies faster by `matmul_subgroup_tile`.
 */
export function prefersAttentionTiles(device: Device, columns: number): boolean {
  return device.adapterClass !== 'software' && fitsAttentionTiles(device, columns);
}

/** @throws ShapeError unless the kernels can take these views of the same batch and width, all inside their tensors. */
export function requireAttentionTiles(op: string, views: Readonly<Record<string, Matrices>>): void {
  const list = Object.values(views);
  const [{ tensor, outer, inner, columns }] = list;
  for (const [name, view] of Object.entries(views)) {
    if (name !== 'out' || view.tensor.dtype !== 'f16') requireDtype(op, name, view.tensor, 'f32');
    if (view.outer !== outer || view.inner !== inner || view.columns !== columns)
      throw new ShapeError(
        `${op}: ${name} is ${formatView(view)}, expected [${outer}, ${inner}, ?, ${columns}] as left`,
        op,
      );
    requireInside(op, name, view, view);
  }
  const inVectors = list.every((view) => view.tensor.size === 0 || isVectorView(view));
  if (!inVectors || !fitsAttentionTiles(tensor.device, columns)) {
    throw new ShapeError(
      `${op}: heads of ${columns} columns, expected a multiple of 4 up to ${MOST_COLUMNS}, whose rows all begin at ` +
        `multiples of 4 elements`,
      op,
    );
  }
}

/** The four parameters `nameOffset`, `nameRow`, `nameInner` and `nameOuter` of a view. */
export function viewParams(name: string, view: Matrices): KernelParams {
  return {
    [`${name}Offset`]: view.offset,
    [`${name}Row`]: view.rowStride,
    [`${name}Inner`]: view.innerStride,
    [`${name}Outer`]: view.outerStride,
  };
}
