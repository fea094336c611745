import { bytesPerElement } from '../dtype.ts';
import { ShapeError } from '../errors.ts';
import type { KernelParams } from '../kernelParams.ts';
import type { KernelConstants } from '../pipeline.ts';
import type { Dispatch } from '../dispatch.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { chooseHalfKernel } from './matmulHalf.ts';
import { chooseMatmulKernel, type MatmulVariant } from './matmulKernels.ts';
import {
  contiguousView,
  formatView,
  type Matrices,
  type MatmulSizes,
  type MatrixView,
  requireInside,
} from './matrixViews.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Function applied to a matmul's result before the residual is added. */
export type Activation = 'none' | 'quickGelu' | 'gelu';

const ACTIVATION_CODE: Record<Activation, number> = { none: 0, quickGelu: 1, gelu: 2 };

/** What a matmul does besides multiplying: `activation(scale * (a b) + bias) + residual`. */
export interface MatmulEpilogue {
  /** b is stored as [n, k], as PyTorch keeps `nn.Linear.weight`. */
  transposeB?: boolean;
  /** Multiplies the product. Default 1. */
  scale?: number;
  /** [n], added to every row. */
  bias?: Tensor;
  activation?: Activation;
  /** Laid out as the output; added last. */
  residual?: Tensor;
  /**
   * a and b may be rounded to f16 where the device computes in it: for values that are far from f16's largest, 65504.
   * Default false. An operand that is stored as f16 needs no leave.
   */
  mayRound?: boolean;
}

/**
 * Records the strided product `out = activation(scale * a b + bias) + residual` into an existing tensor, in the part
 * that `out` describes. This is what `matmul` and `matmulViews` are made of; callers use those.
 * @throws ShapeError when the dtypes are neither f32 nor, where the device computes in it, f16, or a view reaches
 *   beyond its tensor.
 */
export function stridedMatmul(
  a: MatrixView,
  b: MatrixView,
  out: MatrixView,
  sizes: MatmulSizes,
  epilogue: MatmulEpilogue = {},
): void {
  const dispatch = matmulDispatch(a, b, out, sizes, epilogue);
  if (dispatch !== undefined) out.tensor.device.recorder.dispatch(dispatch);
}

/**
 * The launch that `stridedMatmul` records; undefined where the result is empty.
 * @throws ShapeError as `stridedMatmul`.
 */
export function matmulDispatch(
  a: MatrixView,
  b: MatrixView,
  out: MatrixView,
  sizes: MatmulSizes,
  epilogue: MatmulEpilogue = {},
): Dispatch | undefined {
  const { m, n, k, outer, inner } = sizes;
  const { transposeB = false, scale = 1, bias, residual, mayRound = false } = epilogue;
  checkView('a', a, m, k, outer, inner);
  checkView('b', b, transposeB ? n : k, transposeB ? k : n, outer, inner);
  checkView('out', out, m, n, outer, inner);
  if (bias !== undefined) requireShape('matmul', 'bias', bias, [n]);
  if (residual !== undefined) requireShape('matmul', 'residual', residual, out.tensor.shape);
  if (m === 0 || n === 0 || outer * inner === 0) return undefined;

  const device = out.tensor.device;
  const { precision, matrices } = device.products;
  const inHalves =
    precision === 'f16' &&
    ((mayRound && matrices !== undefined) || [a, b, out].some(({ tensor }) => tensor.dtype === 'f16'));
  const choose = inHalves ? chooseHalfKernel : chooseMatmulKernel;
  const variant = choose(device, sizes, a, b, out, transposeB);
  const [atCompileTime, atRunTime] = epilogueSwitches(variant, epilogue);
  return {
    kernel: variant.kernel,
    constants: withSwitches(variant.constants, transposeB, atCompileTime),
    params: {
      m,
      n,
      k,
      inner,
      aOffset: a.offset,
      aRow: a.rowStride,
      aInner: a.innerStride,
      aOuter: a.outerStride,
      bOffset: b.offset,
      bRow: b.rowStride,
      bInner: b.innerStride,
      bOuter: b.outerStride,
      outOffset: out.offset,
      outRow: out.rowStride,
      outInner: out.innerStride,
      outOuter: out.outerStride,
      scale,
      ...atRunTime,
    },
    tensors: [a.tensor, b.tensor, bias ?? device.placeholder, residual ?? device.placeholder, out.tensor],
    workgroups: [Math.ceil(n / variant.tileN), Math.ceil(m / variant.tileM), outer * inner],
    flops: 2 * m * n * k * outer * inner,
    bytes: outer * inner * (m * k * bytesOf(a) + k * n * bytesOf(b) + m * n * bytesOf(out)),
  };
}

/** What says which parts the epilogue has: constants, or parameters, of the kernel. */
function epilogueSwitches(
  { epilogueAtRunTime = false }: MatmulVariant,
  { bias, residual, activation = 'none' }: MatmulEpilogue,
): [constants: EpilogueConstants, params: KernelParams] {
  const [hasBias, hasResidual] = [bias !== undefined, residual !== undefined];
  if (!epilogueAtRunTime) {
    return [{ HAS_BIAS: hasBias, HAS_RESIDUAL: hasResidual, ACTIVATION: ACTIVATION_CODE[activation] }, {}];
  }
  const params = { hasBias: +hasBias, hasResidual: +hasResidual, quickGelu: +(activation === 'quickGelu') };
  return [{ ACTIVATION: activation === 'gelu' ? ACTIVATION_CODE.gelu : 0 }, params];
}

interface EpilogueConstants {
  HAS_BIAS?: boolean;
  HAS_RESIDUAL?: boolean;
  ACTIVATION: number;
}

/** A variant's constants with these switches: one object for all products that are alike. */
function withSwitches(variant: KernelConstants, transposeB: boolean, epilogue: EpilogueConstants): KernelConstants {
  const { HAS_BIAS = false, HAS_RESIDUAL = false, ACTIVATION } = epilogue;
  const index = 8 * ACTIVATION + 4 * +HAS_RESIDUAL + 2 * +HAS_BIAS + +transposeB;
  let made = madeConstants.get(variant);
  if (made === undefined) madeConstants.set(variant, (made = []));
  return (made[index] ??= Object.freeze({ ...variant, TRANSPOSE_B: transposeB, ...epilogue }));
}

const madeConstants = new WeakMap<KernelConstants, KernelConstants[]>();

/**
 * Records `out = activation(scale * a b + bias) + residual`, matrix by matrix, for views of the same numbers of
 * matrices; a and b may also have one along an axis of the batch, which then is shared. All f32.
 * @throws ShapeError when the sizes do not fit, naming those of the three views.
 */
export function matmulViews(a: Matrices, b: Matrices, out: Matrices, epilogue: MatmulEpilogue = {}): void {
  const { rows: m, columns: n, outer, inner } = out;
  const [bRows, bColumns] = epilogue.transposeB === true ? [b.columns, b.rows] : [b.rows, b.columns];
  const batches = [a, b].every((view) => [1, outer].includes(view.outer) && [1, inner].includes(view.inner));
  if (a.rows !== m || bColumns !== n || a.columns !== bRows || !batches) {
    const transposed = epilogue.transposeB === true ? ' transposed' : '';
    throw new ShapeError(
      `matmul: views ${formatView(a)} x ${formatView(b)}${transposed} do not fit the result ${formatView(out)}`,
      'matmul',
    );
  }
  stridedMatmul(sharedView(a, out), sharedView(b, out), out, { m, n, k: a.columns, outer, inner }, epilogue);
}

/** An operand whose only matrix along an axis is read for every matrix of the result. */
function sharedView(operand: Matrices, out: Matrices): MatrixView {
  return {
    ...operand,
    innerStride: operand.inner < out.inner ? 0 : operand.innerStride,
    outerStride: operand.outer < out.outer ? 0 : operand.outerStride,
  };
}

/**
 * Matrix product with optional epilogue: `activation(scale * a b + bias) + residual`.
 * - `a` [..., m, k] and `b` [k, n] (or [n, k] with `transposeB`): b is shared, the result is [..., m, n];
 * - `a` [batch..., m, k] and `b` [batch..., k, n] of the same rank above 2: one product per batch.
 *
 * residual has the result's shape. All f32; on a device that computes in f16 b may be f16, and with subgroup matrices a
 * and the result (`dtype`) too. Accumulates in f32, so the error is at most about
 * `k * 2^-24 * sum |a||b|`.
 * @throws ShapeError when sizes do not fit, naming both shapes.
 */
export function matmul(a: Tensor, b: Tensor, epilogue: MatmulEpilogue & { dtype?: 'f32' | 'f16' } = {}): Tensor {
  const transposeB = epilogue.transposeB ?? false;
  if (a.rank < 2 || b.rank < 2)
    throw new ShapeError(`matmul: ${formatShape(a.shape)} x ${formatShape(b.shape)}: expected matrices`, 'matmul');
  const k = a.shape.at(-1)!;
  const [bRows, bColumns] = [b.shape.at(-2)!, b.shape.at(-1)!];
  const [bInner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (bInner !== k) {
    throw new ShapeError(
      `matmul: inner sizes differ: ${formatShape(a.shape)} x ${formatShape(b.shape)}${transposeB ? ' transposed' : ''}`,
      'matmul',
    );
  }
  const batched = b.rank > 2;
  const batchShape = a.shape.slice(0, -2);
  if (batched && formatShape(batchShape) !== formatShape(b.shape.slice(0, -2))) {
    throw new ShapeError(`matmul: batches differ: ${formatShape(a.shape)} x ${formatShape(b.shape)}`, 'matmul');
  }
  const out = a.device.empty([...a.shape.slice(0, -1), n], epilogue.dtype);
  const batch = batched ? batchShape.reduce((product, size) => product * size, 1) : 1;
  const m = batched ? a.shape.at(-2)! : out.size / Math.max(1, n);
  stridedMatmul(
    contiguousView(a, m, k),
    contiguousView(b, bRows, bColumns),
    contiguousView(out, m, n),
    { m, n, k, outer: 1, inner: batch },
    epilogue,
  );
  return out;
}

function bytesOf({ tensor }: MatrixView): number {
  return bytesPerElement(tensor.dtype);
}

/** Kernels without matrices read f16 as b only, which is where weights are. */
function mayBeHalf(name: string, { device }: Tensor): boolean {
  const { precision, matrices } = device.products;
  return precision === 'f16' && (name === 'b' || matrices !== undefined);
}

function checkView(name: string, view: MatrixView, rows: number, columns: number, outer: number, inner: number): void {
  if (view.tensor.dtype !== 'f16' || !mayBeHalf(name, view.tensor)) requireDtype('matmul', name, view.tensor, 'f32');
  requireInside('matmul', name, view, { outer, inner, rows, columns });
}
