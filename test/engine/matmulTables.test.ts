import { describe, expect, it } from 'vitest';
import { blockMemory } from '../../engine/ops/matmulBlocks.ts';
import { fromMatmulTable, GPU_TABLES } from '../../engine/ops/matmulKernels.ts';

describe('the table of an adapter class', () => {
  it.each([
    ['discrete', 1182, 3072, 1, 'block 64x64 8x4'],
    ['discrete', 1182, 768, 1, 'block 64x64 8x4'],
    ['discrete', 589, 768, 1, 'block 32x64 split 4 k32'],
    ['discrete', 197, 197, 72, 'block 64x64 8x4'],
    ['integrated', 589, 768, 1, 'block 64x64 8x4'],
    ['integrated', 50, 768, 1, 'block 32x32 4x4'],
    ['integrated', 1, 1, 1, 'block 32x32 4x4'],
  ] as const)('gives %s GPUs for %i x %i, %i times: %s', (adapterClass, m, n, inner, kernel) => {
    expect(fromMatmulTable(GPU_TABLES[adapterClass], { m, n, k: 64, outer: 1, inner })).toBe(kernel);
  });

  it('has no kernel beyond the least workgroup memory of WebGPU', () => {
    for (const [name] of Object.values(GPU_TABLES).flat()) expect(blockMemory(name), name).toBeLessThanOrEqual(16384);
  });
});
