import type { Device } from '../device.ts';
import type { KernelConstants } from '../pipeline.ts';

/** The small matrices that an adapter multiplies at once: [m, k] x [k, n], f16 with f32 sums. */
export interface MatrixShape {
  m: number;
  n: number;
  k: number;
}

/** How `matmul_subgroup_matrix` cuts its work; sizes in elements, see the kernel. */
export interface MatrixTile {
  tileM: number;
  tileN: number;
  /** Subgroups of a workgroup along m and n. */
  gridM: number;
  gridN: number;
  kStep: number;
  stages: 1 | 2;
  pad: number;
}

/** One of the products that Dawn says an adapter has. Source: Dawn, `GPUSubgroupMatrixConfig`. */
interface MatrixConfig {
  M: number;
  N: number;
  K: number;
  componentType: string;
  resultComponentType: string;
}

/** Products of f16 with f32 sums that an adapter multiplies at once, the largest first. */
export function matrixShapes(info: object): MatrixShape[] {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: readonly MatrixConfig[] };
  return [...subgroupMatrixConfigs]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .map(({ M, N, K }) => ({ m: M, n: N, k: K }))
    .sort((x, y) => y.m * y.n * y.k - x.m * x.n * x.k);
}

/** The size of all subgroups of a device; undefined where they differ. */
export function subgroupSize({ info }: Device): number | undefined {
  return info.subgroupMinSize === info.subgroupMaxSize ? info.subgroupMaxSize : undefined;
}

/** The kernel's constants for a tile made of these matrices. */
export function matrixConstants(shape: MatrixShape, size: number, tile: MatrixTile): KernelConstants {
  return {
    SIDE_M: shape.m,
    SIDE_N: shape.n,
    SIDE_K: shape.k,
    SUBGROUP_SIZE: size,
    TILE_M: tile.tileM,
    TILE_N: tile.tileN,
    GRID_M: tile.gridM,
    GRID_N: tile.gridN,
    K_STEP: tile.kStep,
    PAD: tile.pad,
    STAGES: tile.stages,
  };
}
