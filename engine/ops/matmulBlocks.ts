import type { KernelConstants } from '../pipeline.ts';
import { sharedConstants } from '../sharedConstants.ts';
import type { MatmulSizes, MatrixView } from './matrixViews.ts';
import { vectorLoads } from './vectorLoads.ts';

/** A shape of `matmul_register_block`; see the constants of the same names there. */
interface BlockShape {
  threadsX: number;
  threadsY: number;
  threadRows: 4 | 8;
  threadColumns: 4 | 8;
  kStep: 16 | 32;
  splits: 1 | 2 | 4;
}

/**
 * The shapes, by name: the tile, then what differs from 8 x 8 outputs a thread and a step of 16 along k; `split` is how
 * many groups of threads share a tile. Each thread copies 1 to 4 vectors of either slice.
 */
export const BLOCK_SHAPES = {
  'block 32x32 4x4': { threadsX: 8, threadsY: 8, threadRows: 4, threadColumns: 4, kStep: 16, splits: 1 },
  'block 32x64 split 4 k32': { threadsX: 8, threadsY: 4, threadRows: 8, threadColumns: 8, kStep: 32, splits: 4 },
  'block 64x64 8x4': { threadsX: 16, threadsY: 8, threadRows: 8, threadColumns: 4, kStep: 16, splits: 1 },
  'block 64x64 split 2 k32': { threadsX: 8, threadsY: 8, threadRows: 8, threadColumns: 8, kStep: 32, splits: 2 },
} as const satisfies Record<string, BlockShape>;

/** Names of these shapes. */
export type BlockName = keyof typeof BLOCK_SHAPES;

/** Whether a kernel's name is that of a shape. */
export function isBlock(name: string): name is BlockName {
  return name in BLOCK_SHAPES;
}

/** Outputs of one workgroup. */
export function blockTile(name: BlockName): { tileM: number; tileN: number } {
  const { threadsX, threadsY, threadRows, threadColumns }: BlockShape = BLOCK_SHAPES[name];
  return { tileM: threadsY * threadRows, tileN: threadsX * threadColumns };
}

/** The constants that make a shape of the kernel. */
export function shapeConstants(name: BlockName): KernelConstants {
  const shape: BlockShape = BLOCK_SHAPES[name];
  return {
    THREADS_X: shape.threadsX,
    THREADS_Y: shape.threadsY,
    THREAD_ROWS: shape.threadRows,
    THREAD_COLUMNS: shape.threadColumns,
    K_STEP: shape.kStep,
    SPLITS: shape.splits,
  };
}

/** The constants of a shape for these operands: one object for all products that they suit. */
export function blockConstants(
  name: BlockName,
  sizes: MatmulSizes,
  a: MatrixView,
  b: MatrixView,
  transposeB: boolean,
): KernelConstants {
  const loads = vectorLoads(sizes, a, b, transposeB);
  const hasTail = sizes.k % BLOCK_SHAPES[name].kStep !== 0;
  return sharedConstants(`${name} ${loads.A_ELEMENT} ${loads.B_ELEMENT} ${hasTail}`, () => ({
    ...loads,
    K_TAIL: hasTail,
    ...shapeConstants(name),
  }));
}

/** Bytes of workgroup memory that a shape takes. */
export function blockMemory(name: BlockName): number {
  const { tileM, tileN } = blockTile(name);
  const pitch = (BLOCK_SHAPES[name].kStep / 4) | 1;
  return 16 * pitch * (tileM + tileN);
}
