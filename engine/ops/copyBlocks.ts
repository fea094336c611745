import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** Blocks of a tensor: `count` of `length` elements, the first at `offset`, each `stride` after the one before. */
export interface Blocks {
  count: number;
  length: number;
  offset: number;
  stride: number;
}

/**
 * Blocks of x, f32 or integers, one behind the other: [count, length], of x's dtype.
 * Source: `torch.as_strided`; `kernels/copy_blocks.wgsl`.
 * @throws ShapeError when a block reaches beyond x, or x is f16.
 */
export function copyBlocks(x: Tensor, { count, length, offset, stride }: Blocks): Tensor {
  if (x.dtype === 'f16') throw new ShapeError('copyBlocks: x is f16, expected elements of 4 bytes', 'copyBlocks');
  const end = count * length === 0 ? 0 : offset + (count - 1) * stride + length;
  if (end > x.size || [count, length, offset, stride].some((value) => !Number.isInteger(value) || value < 0)) {
    throw new ShapeError(
      `copyBlocks: ${count} blocks of ${length} at ${offset} and every ${stride} are outside ${formatShape(x.shape)}`,
      'copyBlocks',
    );
  }
  const y = x.device.empty([count, length], x.dtype);
  x.device.recorder.dispatch({
    kernel: 'copy_blocks',
    params: { size: y.size, length, offset, stride },
    tensors: [x, y],
    threads: y.size,
    bytes: 8 * y.size,
  });
  return y;
}
