import type { Device } from '../device.ts';
import { type KernelConstants, pipelineKey } from '../pipeline.ts';
import { sharedConstants } from '../sharedConstants.ts';
import type { MatrixShape } from '../subgroupMatrices.ts';
import { sizesOfPart } from './equalParts.ts';
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
  if (matrices !== undefined) {
    const memory = device.gpu.limits.maxComputeWorkgroupStorageSize;
    const tile = forcedTile ?? matrixTile(matrices, sizesOfPart(sizes), memory);
    return matrixVariant(matrices, tile, sizes, a, b, out, transposeB);
  }
  const inHalves = b.tensor.dtype === 'f16' && inPieces(b, transposeB ? sizes.k : sizes.n);
  const choose = () => chooseMatmulKernel(device, sizes, a, b, out, transposeB);
  let variant = choose();
  if (variant.kernel === 'matmul_subgroup_tile') {
    if (inHalves) return withElementOfB(variant, { B_ELEMENT: 'vec4<f16>', VECTOR_B: true });
    variant = withMatmulKernel('register_tile', choose);
  }
  const vectors = variant.kernel === 'matmul_register_block' && variant.constants.VECTOR_B === true;
  return withElementOfB(variant, { B_ELEMENT: vectors ? 'vec4<f16>' : 'f16' });
}

function withElementOfB(variant: MatmulVariant, element: KernelConstants): MatmulVariant {
  const key = `${pipelineKey(variant.kernel, variant.constants)} ${element.B_ELEMENT}`;
  return { ...variant, constants: sharedConstants(key, () => ({ ...variant.constants, ...element })) };
}

/** Tiles with the fewest workgroups that each is taken for: the first that gets enough and fits, else the last. */
export type MatrixTable = readonly (readonly [tile: MatrixTile, fewestWorkgroups: number])[];

/**
 * Fitted to `bench -- half` on an NVIDIA H200, on products of a ViT-B/16 block with 197, 589 and 1584 rows. With one
 * workgroup or less for each of its 132 cores, two slices in turn hide the way from memory; with more, other workgroups
 * do. An invocation copies at most four pieces of a slice, which the kernel asserts.
 */
const TILES: MatrixTable = [
  [{ tileM: 128, tileN: 128, gridM: 4, gridN: 2, kStep: 64, stages: 1, pad: 1 }, 70],
  [{ tileM: 64, tileN: 64, gridM: 2, gridN: 2, kStep: 64, stages: 1, pad: 1 }, 132],
  [{ tileM: 64, tileN: 64, gridM: 2, gridN: 2, kStep: 64, stages: 2, pad: 1 }, 100],
  [{ tileM: 32, tileN: 32, gridM: 2, gridN: 2, kStep: 64, stages: 2, pad: 1 }, 0],
];

/** For adapters with less workgroup memory than these need. */
const SMALL_MEMORY: MatrixTable = [[{ tileM: 32, tileN: 32, gridM: 2, gridN: 2, kStep: 32, stages: 1, pad: 1 }, 0]];

/** For CPU drivers, whose subgroups are 4 or 8 threads: not timed, since their other kernels are faster. */
const SMALL_SUBGROUPS: MatrixTable = [[{ tileM: 64, tileN: 64, gridM: 4, gridN: 4, kStep: 32, stages: 1, pad: 1 }, 0]];

/** Least share of a tile's results that must exist: a large tile over the edge computes zeros. */
const USED_SHARE = 0.75;

/** The tile for a product on a device with these matrices. */
export function matrixTile(
  matrices: MatrixShape,
  { m, n, outer, inner }: MatmulSizes,
  workgroupMemory: number,
): MatrixTile {
  const fitting = TILES.filter(([tile]) => tileMemory(tile) <= workgroupMemory && sumsFit(tile, matrices));
  const table = matrices.subgroupSize < 32 ? SMALL_SUBGROUPS : fitting.length > 0 ? fitting : SMALL_MEMORY;
  const found = table.find(([{ tileM, tileN }, fewest]) => {
    const [rows, columns] = [Math.ceil(m / tileM), Math.ceil(n / tileN)];
    const isUsed = m * n >= USED_SHARE * rows * tileM * columns * tileN;
    return rows * columns * outer * inner >= fewest && isUsed;
  });
  return (found ?? table.at(-1)!)[0];
}

/** Whether a subgroup holds at most four matrices of sums along each axis, which the kernel asserts. */
function sumsFit({ tileM, tileN, gridM, gridN }: MatrixTile, { m, n }: MatrixShape): boolean {
  return tileM / gridM <= 4 * m && tileN / gridN <= 4 * n;
}

/** Bytes of workgroup memory that a tile's slices take, b as [k, n], which takes more than transposed by padding. */
function tileMemory({ tileM, tileN, kStep, stages, pad }: MatrixTile): number {
  const piecesOfA = tileM * (kStep / 8 + pad);
  const piecesOfB = Math.max(tileN * (kStep / 8 + pad), kStep * (tileN / 8 + pad));
  return 16 * stages * (piecesOfA + piecesOfB);
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
  const { tileM, tileN, gridM, gridN, kStep, stages, pad } = tile;
  const { m, n: side, k: depth, subgroupSize } = matrices;
  const key =
    `${m} ${side} ${depth} ${subgroupSize} ${tileM} ${tileN} ${gridM} ${gridN} ${kStep} ${stages} ${pad} ` +
    `${vectorA} ${vectorB} ${a.tensor.dtype} ${b.tensor.dtype} ${out.tensor.dtype}`;
  const constants = sharedConstants(`subgroup_matrix ${key}`, () => ({
    ...matrixConstants(matrices, tile),
    A_HALF: a.tensor.dtype === 'f16',
    B_HALF: b.tensor.dtype === 'f16',
    A_ELEMENT: vectorA ? 'vec4u' : 'u32',
    B_ELEMENT: vectorB ? 'vec4u' : 'u32',
    VECTOR_A: vectorA,
    VECTOR_B: vectorB,
    OUT_ELEMENT: out.tensor.dtype,
  }));
  return { kernel: 'matmul_subgroup_matrix', constants, tileM, tileN };
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
