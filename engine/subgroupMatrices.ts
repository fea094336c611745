import type { AdapterInfo } from './gpuTypes.ts';

/** The small matrices that an adapter multiplies at once: [m, k] x [k, n], f16 with f32 sums, by one subgroup. */
export interface MatrixShape {
  m: number;
  n: number;
  k: number;
  /** Threads of every subgroup. */
  subgroupSize: number;
}

/** One of the products that Dawn says an adapter has. Source: Dawn, `GPUSubgroupMatrixConfig`. */
interface MatrixConfig {
  M: number;
  N: number;
  K: number;
  componentType: string;
  resultComponentType: string;
}

/**
 * Products of f16 with f32 sums that an adapter multiplies at once, the largest first. None where subgroups differ in
 * size, because a kernel's threads are counted in subgroups.
 */
export function matrixShapes(info: AdapterInfo): MatrixShape[] {
  const { subgroupMinSize, subgroupMaxSize } = info;
  if (subgroupMaxSize === undefined || subgroupMinSize !== subgroupMaxSize) return [];
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: readonly MatrixConfig[] };
  return [...subgroupMatrixConfigs]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .map(({ M, N, K }) => ({ m: M, n: N, k: K, subgroupSize: subgroupMaxSize }))
    .sort((x, y) => y.m * y.n * y.k - x.m * x.n * x.k);
}
