import type { KernelConstants } from '../pipeline.ts';
import { isVectorView, type MatmulSizes, type MatrixView } from './matrixViews.ts';

/** How a matmul kernel loads its operands: 4 elements at once where all rows start at multiples of 4, else one. */
export function vectorLoads({ n, k }: MatmulSizes, a: MatrixView, b: MatrixView, transposeB: boolean): KernelConstants {
  const vectorA = isVectorView(a) && k % 4 === 0;
  const vectorB = isVectorView(b) && (transposeB ? k : n) % 4 === 0;
  return {
    A_ELEMENT: vectorA ? 'vec4f' : 'f32',
    B_ELEMENT: vectorB ? 'vec4f' : 'f32',
    VECTOR_A: vectorA,
    VECTOR_B: vectorB,
  };
}
