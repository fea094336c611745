import { ShapeError } from '../errors.ts';
import { formatShape, type Tensor } from '../tensor.ts';
import { chooseMatmulKernel } from './matmulKernels.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Function applied to a matmul's result before the residual is added. */
export type Activation = 'none' | 'quickGelu' | 'gelu';

const ACTIVATION_CODE: Record<Activation, number> = { none: 0, quickGelu: 1, gelu: 2 };

/**
 * A batch of matrices inside a tensor, in elements: matrix (outer, inner) starts at
 * `offset + outer * outerStride + inner * innerStride`, its rows are `rowStride` apart, its columns are contiguous.
 */
export interface MatrixView {
  tensor: Tensor;
  offset: number;
  rowStride: number;
  innerStride: number;
  outerStride: number;
}

/** Sizes of a strided product: `out[outer][inner]` is [m, n], summed over k. */
export interface MatmulSizes {
  m: number;
  n: number;
  k: number;
  outer: number;
  inner: number;
}

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
}

/**
 * Records the strided product `out = activation(scale * a b + bias) + residual` into an existing tensor, in the part
 * that `out` describes. This is what `matmul` and the attention products of `clip/` are made of; callers other than
 * those use `matmul`.
 * @throws ShapeError when the dtypes are not f32 or a view reaches beyond its tensor.
 */
export function stridedMatmul(
  a: MatrixView,
  b: MatrixView,
  out: MatrixView,
  sizes: MatmulSizes,
  epilogue: MatmulEpilogue = {},
): void {
  const { m, n, k, outer, inner } = sizes;
  const { transposeB = false, scale = 1, bias, activation = 'none', residual } = epilogue;
  checkView('a', a, m, k, outer, inner);
  checkView('b', b, transposeB ? n : k, transposeB ? k : n, outer, inner);
  checkView('out', out, m, n, outer, inner);
  if (bias !== undefined) requireShape('matmul', 'bias', bias, [n]);
  if (residual !== undefined) requireShape('matmul', 'residual', residual, out.tensor.shape);
  if (m === 0 || n === 0 || outer * inner === 0) return;

  const device = out.tensor.device;
  const variant = chooseMatmulKernel(device, sizes, a, b, out, transposeB);
  device.recorder.dispatch({
    kernel: variant.kernel,
    constants: {
      ...variant.constants,
      TRANSPOSE_B: transposeB,
      HAS_BIAS: bias !== undefined,
      HAS_RESIDUAL: residual !== undefined,
      ACTIVATION: ACTIVATION_CODE[activation],
    },
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
    },
    tensors: [a.tensor, b.tensor, bias ?? device.placeholder, residual ?? device.placeholder, out.tensor],
    workgroups: [Math.ceil(n / variant.tileN), Math.ceil(m / variant.tileM), outer * inner],
    flops: 2 * m * n * k * outer * inner,
    bytes: 4 * outer * inner * (m * k + k * n + m * n),
  });
}

/**
 * Matrix product with optional epilogue: `activation(scale * a b + bias) + residual`.
 * - `a` [..., m, k] and `b` [k, n] (or [n, k] with `transposeB`): b is shared, the result is [..., m, n];
 * - `a` [batch..., m, k] and `b` [batch..., k, n] of the same rank above 2: one product per batch.
 *
 * All f32; residual has the result's shape. Accumulates in f32, so the error is at most about
 * `k * 2^-24 * sum |a||b|`.
 * @throws ShapeError when sizes do not fit, naming both shapes.
 */
export function matmul(a: Tensor, b: Tensor, epilogue: MatmulEpilogue = {}): Tensor {
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
  const out = a.device.empty([...a.shape.slice(0, -1), n]);
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

/** View of a tensor as consecutive [rows, columns] matrices, one per inner batch. */
export function contiguousView(tensor: Tensor, rows: number, columns: number): MatrixView {
  return { tensor, offset: 0, rowStride: columns, innerStride: rows * columns, outerStride: 0 };
}

function checkView(name: string, view: MatrixView, rows: number, columns: number, outer: number, inner: number): void {
  requireDtype('matmul', name, view.tensor, 'f32');
  const last =
    view.offset +
    (outer - 1) * view.outerStride +
    (inner - 1) * view.innerStride +
    (rows - 1) * view.rowStride +
    columns;
  if (rows * columns > 0 && last > view.tensor.size) {
    throw new ShapeError(
      `matmul: the view of ${name} ends at element ${last} of tensor ${formatShape(view.tensor.shape)}`,
      'matmul',
    );
  }
}
