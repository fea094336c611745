import type { Device } from '../device.ts';
import type { KernelConstants } from '../pipeline.ts';
import type { MatmulSizes, MatrixView } from './matmul.ts';

/** A matmul kernel with its tile: one workgroup makes tileM x tileN outputs. */
export interface MatmulVariant {
  kernel: string;
  constants: KernelConstants;
  tileM: number;
  tileN: number;
}

/** The kernel for these operands on this adapter. */
export function chooseMatmulKernel(
  _device: Device,
  _sizes: MatmulSizes,
  _a: MatrixView,
  _b: MatrixView,
  _out: MatrixView,
  _transposeB: boolean,
): MatmulVariant {
  return { kernel: 'matmul_naive', constants: {}, tileM: 8, tileN: 8 };
}
