import type { Device } from '../device.ts';
import type { KernelConstants } from '../pipeline.ts';
import { sharedConstants } from '../sharedConstants.ts';
import { sizesOfPart } from './equalParts.ts';
import { BLOCK_SHAPES, blockConstants, blockMemory, type BlockName, blockTile, isBlock } from './matmulBlocks.ts';
import type { MatmulSizes, MatrixView } from './matrixViews.ts';
import { vectorLoads } from './vectorLoads.ts';

/** A matmul kernel with its tile: one workgroup makes tileM x tileN outputs. */
export interface MatmulVariant {
  kernel: string;
  constants: KernelConstants;
  tileM: number;
  tileN: number;
  /** Bias, residual and QuickGELU are parameters of the kernel, in place of constants. Default false. */
  epilogueAtRunTime?: boolean;
}

/** Names of the kernels: `kernels/matmul_NAME.wgsl`, or a shape of `matmul_register_block`. */
export type MatmulKernelName = 'naive' | 'register_tile' | 'subgroup_tile' | BlockName;

/** All kernels, in the order in which to read them. */
export const MATMUL_KERNELS: readonly MatmulKernelName[] = [
  'naive',
  'register_tile',
  'subgroup_tile',
  ...(Object.keys(BLOCK_SHAPES) as BlockName[]),
];

/** Kernels with the fewest workgroups that each is taken for: the first that gets enough, else the last. */
export type MatmulTable = readonly (readonly [kernel: BlockName, fewestWorkgroups: number])[];

/**
 * What GPUs take. A large tile reads least, but a workgroup runs on one core of the GPU (of which it does not say how
 * many there are), so there must be enough of them; what is smaller goes to a kernel with more, or fuller, workgroups.
 *
 * discrete: what `bench -- tune` fitted on an NVIDIA H200, whose 132 cores 228 workgroups keep busy. Below, four groups
 * of threads share a tile: a core with one workgroup then has four times as many loads in flight.
 *
 * integrated: not tuned yet. These have 6 to 16 cores, so 32 workgroups are two or more for each. Splitting pays where
 * cores stand idle, which is not so here; instead the tile is cut in four.
 */
export const GPU_TABLES: Readonly<Record<'integrated' | 'discrete', MatmulTable>> = {
  integrated: [
    ['block 64x64 8x4', 32],
    ['block 32x32 4x4', 0],
  ],
  discrete: [
    ['block 64x64 8x4', 228],
    ['block 32x64 split 4 k32', 0],
  ],
};

/**
 * The kernel for these operands on this adapter.
 *
 * | adapter                   | kernel                  | why                                                     |
 * |---------------------------|-------------------------|---------------------------------------------------------|
 * | software, 4, 8 or 16      | subgroup_tile           | fewest loads, which is what a CPU driver spends time on |
 * | software, other           | register_tile           | needs no subgroups                                      |
 * | software, one row         | naive                   | the tiles would compute rows that do not exist          |
 * | GPU                       | block 64x64 8x4         | most arithmetic for each byte read                      |
 * | discrete, small product   | block 32x64 split 4 k32 | twice as many workgroups, each with more loads at once  |
 * | integrated, small product | block 32x32 4x4         | four times as many workgroups                           |
 */
export function chooseMatmulKernel(
  device: Device,
  sizes: MatmulSizes,
  a: MatrixView,
  b: MatrixView,
  _out: MatrixView,
  transposeB: boolean,
): MatmulVariant {
  const name = forced ?? chosen.get(device) ?? kernelName(device, sizesOfPart(sizes));
  return matmulVariant(name, device, sizes, a, b, transposeB);
}

let forced: MatmulKernelName | undefined;

const chosen = new WeakMap<Device, MatmulKernelName>();

/** Has a device compute all f32 products with one kernel, whatever suits it, until it is told undefined. */
export function useMatmulKernel(device: Device, name: MatmulKernelName | undefined): void {
  if (name === undefined) chosen.delete(device);
  else chosen.set(device, name);
}

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
 * Whether a kernel runs on this device: `subgroup_tile` only where all subgroups are 16 invocations, or all 8, or all
 * 4, a block only where its slices fit into workgroup memory.
 */
export function matmulKernelRuns(device: Device, name: MatmulKernelName): boolean {
  if (isBlock(name)) return blockMemory(name) <= device.gpu.limits.maxComputeWorkgroupStorageSize;
  return name !== 'subgroup_tile' || subgroupLanes(device) !== undefined;
}

/** Groups of rows of `matmul_subgroup_tile` by the size of subgroups. */
const SUBGROUP_TILE_GROUPS = new Map([
  [4, 3],
  [8, 3],
  [16, 2],
]);

function subgroupLanes(device: Device): number | undefined {
  const { subgroupMinSize, subgroupMaxSize } = device.info;
  if (!device.has('subgroups') || subgroupMinSize !== subgroupMaxSize) return undefined;
  return SUBGROUP_TILE_GROUPS.has(subgroupMinSize!) ? subgroupMinSize : undefined;
}

const NONE: KernelConstants = Object.freeze({});

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
      return { kernel: 'matmul_naive', constants: NONE, tileM: 8, tileN: 8 };
    case 'register_tile':
      return { kernel: 'matmul_register_tile', constants: NONE, tileM: 8, tileN: 64 };
    case 'subgroup_tile': {
      const lanes = subgroupLanes(device) ?? 8;
      const loads = vectorLoads(sizes, a, b, transposeB);
      const key = `${name} ${lanes} ${loads.A_ELEMENT} ${loads.B_ELEMENT}`;
      const constants = sharedConstants(key, () => ({ LANES: lanes, ...loads }));
      const tile = { tileM: SUBGROUP_TILE_GROUPS.get(lanes)! * lanes, tileN: 4 * lanes };
      return { kernel: 'matmul_subgroup_tile', constants, ...tile, epilogueAtRunTime: true };
    }
  }
}

function kernelName(device: Device, sizes: MatmulSizes): MatmulKernelName {
  if (device.adapterClass === 'software') {
    if (sizes.m === 1) return 'naive';
    return matmulKernelRuns(device, 'subgroup_tile') ? 'subgroup_tile' : 'register_tile';
  }
  return fromMatmulTable(GPU_TABLES[device.adapterClass], sizes);
}

/** The kernel that a table gives a product. */
export function fromMatmulTable(table: MatmulTable, sizes: MatmulSizes): BlockName {
  return (table.find(([name, fewest]) => matmulWorkgroups(name, sizes) >= fewest) ?? table[table.length - 1])[0];
}

/** Workgroups that a kernel takes for a product. */
export function matmulWorkgroups(name: BlockName, { m, n, outer, inner }: MatmulSizes): number {
  const { tileM, tileN } = blockTile(name);
  return Math.ceil(m / tileM) * Math.ceil(n / tileN) * outer * inner;
}
