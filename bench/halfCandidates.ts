import type { Device } from '../engine/device.ts';
import { shapeConstants } from '../engine/ops/matmulBlocks.ts';
import { matrixConstants, type MatrixTile } from '../engine/ops/matmulHalf.ts';
import type { KernelConstants } from '../engine/pipeline.ts';
import { matrixShapes } from '../engine/subgroupMatrices.ts';

/** A kernel with the tile of one workgroup, and what its operands are. */
export interface HalfCandidate {
  name: string;
  kernel: string;
  constants: KernelConstants;
  tileM: number;
  tileN: number;
  aHalf: boolean;
  bHalf: boolean;
}

/** [tile m, tile n, subgroups along m, along n, k step, stages, pad] */
const TILES: readonly [number, number, number, number, number, 1 | 2, 0 | 1][] = [
  [32, 32, 2, 2, 64, 2, 1],
  [64, 64, 2, 2, 32, 1, 1],
  [64, 64, 2, 2, 64, 1, 1],
  [64, 64, 2, 2, 64, 2, 1],
  [128, 128, 2, 2, 32, 1, 1],
  [128, 128, 2, 4, 32, 2, 1],
  [128, 128, 4, 2, 64, 1, 1],
];

/** The same for a CPU driver, whose subgroups are 8 threads. */
const SMALL_SUBGROUPS: typeof TILES = [
  [64, 64, 4, 4, 32, 1, 1],
  [32, 32, 2, 2, 32, 2, 1],
];

/** The f32 kernel, then every tile of subgroup matrices that may win on this device; a CPU driver gets two. */
export function halfCandidates(device: Device): HalfCandidate[] {
  const [shape, ...others] = matrixShapes(device.info);
  const candidates: HalfCandidate[] = [
    {
      name: 'f32 block 64x64 8x4',
      kernel: 'matmul_register_block',
      constants: { ...shapeConstants('block 64x64 8x4'), K_TAIL: false, TRANSPOSE_B: true },
      tileM: 64,
      tileN: 64,
      aHalf: false,
      bHalf: false,
    },
  ];
  if (shape === undefined) return candidates;
  const add = (side: typeof shape, [tileM, tileN, gridM, gridN, kStep, stages, pad]: (typeof TILES)[number]) => {
    const tile: MatrixTile = { tileM, tileN, gridM, gridN, kStep, stages, pad };
    // How a is stored changes the order of tiles little, so two tell.
    for (const aHalf of tileM * tileN === 64 * 64 && stages === 2 ? [false, true] : [true]) {
      candidates.push({
        name:
          `${tileM}x${tileN} by ${gridM}x${gridN}, k ${kStep}, stages ${stages}, pad ${pad}, ` +
          `${side.m}x${side.n}x${side.k}, a ${aHalf ? 'f16' : 'f32'}`,
        kernel: 'matmul_subgroup_matrix',
        constants: { ...matrixConstants(side, tile), A_HALF: aHalf, TRANSPOSE_B: true },
        tileM,
        tileN,
        aHalf,
        bHalf: true,
      });
    }
  };
  for (const tile of device.adapterClass === 'software' ? SMALL_SUBGROUPS : TILES) add(shape, tile);
  for (const other of others.filter(({ k }) => k === shape.k)) add(other, TILES[2]);
  return candidates;
}
