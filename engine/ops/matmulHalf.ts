import type { Device } from '../device.ts';
import type { KernelConstants } from '../pipeline.ts';
import type { MatrixShape } from '../subgroupMatrices.ts';
import { chooseMatmulKernel, type MatmulVariant, withMatmulKernel } from './matmulKernels.ts';
import type { MatmulSizes, MatrixView } from './matrixViews.ts';

/** How `matmul_subgroup_matrix` cuts its work; sizes in elements, see the kernel. */
export interface MatrixTile {
  tileM: number;
  tileN: number;
  /** Subgroups of a workgroup along m and n. */
  gridM: number;
  gridN: number;
  kStep: number;
  stages: 1 | 2;
  pad: 0 | 1;
}

/** Whether an operand's rows and matrices begin where 8 halves can be loaded at once. */
function inPieces({ tensor, offset, rowStride, innerStride, outerStride }: MatrixView, columns: number): boolean {
  const step = tensor.dtype === 'f16' ? 8 : 4;
  // WebGPU refuses a binding of less than one element.
  if (tensor.size < 8 || columns % 8 !== 0) return false;
  return [offset, rowStride, innerStride, outerStride].every((distance) => distance % step === 0);
}

/**
 * The kernel for a product with an operand or a result in f16, or whose operands may be rounded to it.
 *
 * | device                 | kernel               | why                                            |
 * |------------------------|----------------------|------------------------------------------------|
 * | with subgroup matrices | subgroup_matrix      | a GPU's matrix units do most of its arithmetic |
 * | without                | as for f32, b in f16 | half the weights' memory, the same arithmetic  |
 */
export function chooseHalfKernel(
  device: Device,
  sizes: MatmulSizes,
  a: MatrixView,
  b: MatrixView,
  out: MatrixView,
  transposeB: boolean,
): MatmulVariant {
  const { matrices } = device.products;
  if (matrices !== undefined)
    return matrixVariant(matrices, forcedTile ?? matrixTile(matrices), sizes, a, b, out, transposeB);
  const inHalves = b.tensor.dtype === 'f16' && inPieces(b, transposeB ? sizes.k : sizes.n);
  const choose = () => chooseMatmulKernel(device, sizes, a, b, out, transposeB);
  let variant = choose();
  if (variant.kernel === 'matmul_subgroup_tile') {
    if (inHalves) return { ...variant, constants: { ...variant.constants, B_ELEMENT: 'vec4<f16>', VECTOR_B: true } };
    variant = withMatmulKernel('register_tile', choose);
  }
  const vectors = variant.kernel === 'matmul_register_block' && variant.constants.VECTOR_B === true;
  return { ...variant, constants: { ...variant.constants, B_ELEMENT: vectors ? 'vec4<f16>' : 'f16' } };
}

/** The tile for a product. A workgroup has 128 threads, so that none copies more than four pieces of a slice. */
function matrixTile({ subgroupSize }: MatrixShape): MatrixTile {
  if (subgroupSize < 32) return { tileM: 64, tileN: 64, gridM: 4, gridN: 4, kStep: 32, stages: 1, pad: 1 };
  return { tileM: 32, tileN: 32, gridM: 2, gridN: 2, kStep: 64, stages: 2, pad: 1 };
}

let forcedTile: MatrixTile | undefined;

/** Runs a synchronous body whose products on subgroup matrices all take this tile, so that tests reach every one. */
export function withMatrixTile<Result>(tile: MatrixTile | undefined, body: () => Result): Result {
  const before = forcedTile;
  forcedTile = tile;
  try {
    return body();
  } finally {
    forcedTile = before;
  }
}

/** `matmul_subgroup_matrix` with a tile, for operands as they lie in memory. */
function matrixVariant(
  matrices: MatrixShape,
  tile: MatrixTile,
  { n, k }: MatmulSizes,
  a: MatrixView,
  b: MatrixView,
  out: MatrixView,
  transposeB: boolean,
): MatmulVariant {
  const vectorA = inPieces(a, k);
  const vectorB = inPieces(b, transposeB ? k : n);
  return {
    kernel: 'matmul_subgroup_matrix',
    constants: {
      ...matrixConstants(matrices, tile),
      A_HALF: a.tensor.dtype === 'f16',
      B_HALF: b.tensor.dtype === 'f16',
      A_ELEMENT: vectorA ? 'vec4u' : 'u32',
      B_ELEMENT: vectorB ? 'vec4u' : 'u32',
      VECTOR_A: vectorA,
      VECTOR_B: vectorB,
      OUT_ELEMENT: out.tensor.dtype,
    },
    tileM: tile.tileM,
    tileN: tile.tileN,
  };
}

/** The kernel's constants for a tile of these matrices. */
export function matrixConstants(matrices: MatrixShape, tile: MatrixTile): KernelConstants {
  return {
    SIDE_M: matrices.m,
    SIDE_N: matrices.n,
    SIDE_K: matrices.k,
    SUBGROUP_SIZE: matrices.subgroupSize,
    TILE_M: tile.tileM,
    TILE_N: tile.tileN,
    GRID_M: tile.gridM,
    GRID_N: tile.gridN,
    K_STEP: tile.kStep,
    PAD: tile.pad,
    STAGES: tile.stages,
  };
}
