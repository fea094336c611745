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
  device: Device,
  sizes: MatmulSizes,
  a: MatrixView,
  b: MatrixView,
  _out: MatrixView,
  transposeB: boolean,
): MatmulVariant {
  const { subgroupMinSize, subgroupMaxSize } = device.info as { subgroupMinSize?: number; subgroupMaxSize?: number };
  if (sizes.m === 1 || !device.has('subgroups') || subgroupMinSize !== 8 || subgroupMaxSize !== 8) {
    return { kernel: 'matmul_naive', constants: {}, tileM: 8, tileN: 8 };
  }
  const vectorA = isVectorView(a) && sizes.k % 4 === 0;
  const vectorB = isVectorView(b) && (transposeB ? sizes.k : sizes.n) % 4 === 0;
  return {
    kernel: 'matmul_subgroup_tile',
    constants: {
      A_ELEMENT: vectorA ? 'vec4f' : 'f32',
      B_ELEMENT: vectorB ? 'vec4f' : 'f32',
      VECTOR_A: vectorA,
      VECTOR_B: vectorB,
      K_TAIL: sizes.k % 4 !== 0,
    },
    tileM: 24,
    tileN: 32,
  };
}

/** Whether every row of every matrix of the view starts at a multiple of 4 elements. */
function isVectorView(view: MatrixView): boolean {
  return [view.offset, view.rowStride, view.innerStride, view.outerStride].every((distance) => distance % 4 === 0);
}
