import type { Blocks } from '../../engine/ops/copyBlocks.ts';

/** [count, length]: element i of block b is element `offset + b stride + i`. */
export function copyBlocksOracle(x: ArrayLike<number>, { count, length, offset, stride }: Blocks): Float64Array {
  const y = new Float64Array(count * length);
  for (let b = 0; b < count; b++) for (let i = 0; i < length; i++) y[b * length + i] = x[offset + b * stride + i];
  return y;
}
