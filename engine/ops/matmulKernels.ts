import type { Device } from '../device.ts';
import type { KernelConstants } from '../pipeline.ts';
import { BLOCK_SHAPES, blockConstants, blockMemory, type BlockName, blockTile } from './matmulBlocks.ts';
import { isVectorView, type MatmulSizes, type MatrixView } from './matrixViews.ts';

/** A matmul kernel with its tile: one workgroup makes tileM x tileN outputs. */
export interface MatmulVariant {
  kernel: string;
  constants: KernelConstants;
  tileM: number;
  tileN: number;
}

/** Names of the kernels: `kernels/matmul_NAME.wgsl`, with the tile where one kernel has several. */
export type MatmulKernelName =
  'naive' | 'register_tile' | 'subgroup_tile' | 'shared_tile 64x64' | 'shared_tile 32x32' | BlockName;

/**
 * The kernels that adapters are given, in the order in which to read them, and the shape of `matmul_register_block`
 * that compiles fastest on a CPU (one of 8 x 8 outputs takes half a minute).
 */
export const MATMUL_KERNELS: readonly MatmulKernelName[] = [
  'naive',
  'register_tile',
  'subgroup_tile',
  'shared_tile 32x32',
  'shared_tile 64x64',
  'block 32x32 4x4 split 2',
];

/** Kernels with the fewest workgroups that each is taken for: the first that gets enough, else the last. */
export type MatmulTable = readonly (readonly [kernel: MatmulKernelName, fewestWorkgroups: number])[];

/**
 * What GPUs take. A large tile reads least, but a workgroup runs on one core of the GPU (of which it does not say how
 * many there are), so there must be enough of them; smaller tiles are for the rest.
 */
const GPU_TABLES: Readonly<Record<'integrated' | 'discrete', MatmulTable>> = {
  integrated: [
    ['shared_tile 64x64', 32],
    ['shared_tile 32x32', 0],
  ],
  discrete: [
    ['shared_tile 64x64', 256],
    ['shared_tile 32x32', 0],
  ],
};

/**
 * The kernel for these operands on this adapter.
 *
 * | adapter            | kernel            | why                                                                  |
 * |--------------------|-------------------|----------------------------------------------------------------------|
 * | software, 4 or 8   | subgroup_tile     | fewest loads, which is what a CPU driver spends its time on           |
 * | software, other    | register_tile     | needs no subgroups                                                    |
 * | software, one row  | naive             | the tiles would compute rows that do not exist                        |
 * | GPU                | shared_tile 64x64 | most arithmetic for each byte read                                    |
 * | GPU, small product | shared_tile 32x32 | four times as many workgroups                                         |
 */
export function chooseMatmulKernel(
  device: Device,
  sizes: MatmulSizes,
  a: MatrixView,
  b: MatrixView,
  _out: MatrixView,
  transposeB: boolean,
): MatmulVariant {
  return matmulVariant(forced ?? kernelName(device, sizes), device, sizes, a, b, transposeB);
}

let forced: MatmulKernelName | undefined;

/** Runs a synchronous body whose matmuls all take the named kernel, so that tests and benchmarks reach every kernel. */
export function withMatmulKernel<Result>(name: MatmulKernelName | undefined, body: () => Result): Result {
  const before = forced;
  forced = name;
  try {
    return body();
  } finally {
    forced = before;
  }
}

/**
 * Whether a kernel runs on this device: `subgroup_tile` only where all subgroups are 8 invocations, or all 4, a block
 * only where its slices fit into workgroup memory.
 */
export function matmulKernelRuns(device: Device, name: MatmulKernelName): boolean {
  if (isBlock(name)) return blockMemory(name) <= device.gpu.limits.maxComputeWorkgroupStorageSize;
  return name !== 'subgroup_tile' || subgroupLanes(device) !== undefined;
}

function isBlock(name: MatmulKernelName): name is BlockName {
  return name in BLOCK_SHAPES;
}

function subgroupLanes(device: Device): 4 | 8 | undefined {
  const { subgroupMinSize, subgroupMaxSize } = device.info;
  if (!device.has('subgroups') || subgroupMinSize !== subgroupMaxSize) return undefined;
  return subgroupMinSize === 4 || subgroupMinSize === 8 ? subgroupMinSize : undefined;
}

function matmulVariant(
  name: MatmulKernelName,
  device: Device,
  sizes: MatmulSizes,
  a: MatrixView,
  b: MatrixView,
  transposeB: boolean,
): MatmulVariant {
  if (isBlock(name)) {
    const constants = blockConstants(name, sizes, a, b, transposeB);
    return { kernel: 'matmul_register_block', constants, ...blockTile(name) };
  }
  switch (name) {
    case 'naive':
      return { kernel: 'matmul_naive', constants: {}, tileM: 8, tileN: 8 };
    case 'register_tile':
      return { kernel: 'matmul_register_tile', constants: {}, tileM: 8, tileN: 64 };
    case 'subgroup_tile': {
      const lanes = subgroupLanes(device) ?? 8;
      const constants = { LANES: lanes, ...vectorConstants(sizes, a, b, transposeB) };
      return { kernel: 'matmul_subgroup_tile', constants, tileM: 3 * lanes, tileN: 4 * lanes };
    }
    case 'shared_tile 32x32':
      return { kernel: 'matmul_shared_tile', constants: { THREADS_X: 8, THREADS_Y: 4 }, tileM: 32, tileN: 32 };
    case 'shared_tile 64x64':
      return { kernel: 'matmul_shared_tile', constants: { THREADS_X: 16, THREADS_Y: 8 }, tileM: 64, tileN: 64 };
  }
}

function kernelName(device: Device, sizes: MatmulSizes): MatmulKernelName {
  if (device.adapterClass === 'software') {
    if (sizes.m === 1) return 'naive';
    return matmulKernelRuns(device, 'subgroup_tile') ? 'subgroup_tile' : 'register_tile';
  }
  const table = GPU_TABLES[device.adapterClass].filter(([name]) => matmulKernelRuns(device, name));
  return fromMatmulTable(table, sizes);
}

/** The kernel that a table gives a product. */
export function fromMatmulTable(table: MatmulTable, sizes: MatmulSizes): MatmulKernelName {
  return (table.find(([name, fewest]) => matmulWorkgroups(name, sizes) >= fewest) ?? table[table.length - 1])[0];
}

/** Workgroups that a kernel takes for a product. */
export function matmulWorkgroups(name: MatmulKernelName, { m, n, outer, inner }: MatmulSizes): number {
  const { tileM, tileN } = gpuTile(name);
  return Math.ceil(m / tileM) * Math.ceil(n / tileN) * outer * inner;
}

function gpuTile(name: MatmulKernelName): { tileM: number; tileN: number } {
  if (isBlock(name)) return blockTile(name);
  const side = name === 'shared_tile 64x64' ? 64 : 32;
  return { tileM: side, tileN: side };
}

/** Where all rows start at multiples of 4 elements, the subgroup kernel loads 4 elements at once. */
function vectorConstants({ n, k }: MatmulSizes, a: MatrixView, b: MatrixView, transposeB: boolean): KernelConstants {
  const vectorA = isVectorView(a) && k % 4 === 0;
  const vectorB = isVectorView(b) && (transposeB ? k : n) % 4 === 0;
  return {
    A_ELEMENT: vectorA ? 'vec4f' : 'f32',
    B_ELEMENT: vectorB ? 'vec4f' : 'f32',
    VECTOR_A: vectorA,
    VECTOR_B: vectorB,
    K_TAIL: k % 4 !== 0,
  };
}
