import type { Device } from '../engine/device.ts';
import { gatherRows } from '../engine/ops/gatherRows.ts';
import { matmulDispatch, type MatmulEpilogue } from '../engine/ops/matmul.ts';
import { contiguousView, type MatmulSizes, type MatrixView } from '../engine/ops/matrixViews.ts';
import { type MatmulKernelName, withMatmulKernel } from '../engine/ops/matmulKernels.ts';
import type { Dispatch, Workgroups } from '../engine/dispatch.ts';
import type { Tensor } from '../engine/tensor.ts';
import { operand } from './matmulOperands.ts';

/** A product of a ViT-B/16 forward pass. `linear`: x W^T + bias + residual; `scores`: q k^T; `values`: scores v. */
export interface TunedProduct extends MatmulSizes {
  kind: 'linear' | 'scores' | 'values';
  /** Tokens of all images in the batch. */
  tokens: number;
}

const WIDTH = 768;
const HEADS = 12;
const HEAD_WIDTH = WIDTH / HEADS;

/** The layers of a block, [n, k] of their weights. */
const LINEAR = [
  [3 * WIDTH, WIDTH],
  [WIDTH, WIDTH],
  [4 * WIDTH, WIDTH],
  [WIDTH, 4 * WIDTH],
] as const;

/**
 * The products to tune for, those that matter most first: six windows of 197 tokens, an image of 589 as a whole, one
 * window, and an image of 1584 tokens.
 */
export const TUNED_PRODUCTS: readonly TunedProduct[] = [
  ...linearProducts(1182),
  ...linearProducts(589),
  ...attentionProducts(6, 197),
  ...attentionProducts(1, 589),
  ...linearProducts(197),
  ...linearProducts(1584),
];

function linearProducts(tokens: number): TunedProduct[] {
  return LINEAR.map(([n, k]) => ({ kind: 'linear', tokens, m: tokens, n, k, outer: 1, inner: 1 }));
}

function attentionProducts(images: number, tokens: number): TunedProduct[] {
  const batch = { tokens: images * tokens, m: tokens, outer: images, inner: HEADS };
  return [
    { kind: 'scores', ...batch, n: tokens, k: HEAD_WIDTH },
    { kind: 'values', ...batch, n: HEAD_WIDTH, k: tokens },
  ];
}

/** Random values, on the device and beside it. */
export interface RandomValues {
  values: Float32Array;
  tensor: Tensor;
}

/** `count` values in [-0.5, 0.5), never zeros, which a GPU multiplies with less power and so faster. */
export function randomValues(device: Device, count: number): RandomValues {
  const values = new Float32Array(count);
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 32 - 0.5;
  }
  return { values, tensor: device.tensor(values, [count]) };
}

/** The operands of a product, several times at other places of the random values, as every layer has other weights. */
export interface Operands {
  sets: { a: MatrixView; b: MatrixView; out: MatrixView }[];
  epilogue: MatmulEpilogue;
  sizes: MatmulSizes;
  dispose(): void;
}

/** Lays a product out as the engine does: tokens, weights, fused qkv, scores and heads side by side. */
export function layOut(device: Device, product: TunedProduct, random: RandomValues, rotations: number): Operands {
  const { kind, m, n, k, outer, inner } = product;
  const linear = kind === 'linear';
  const view = (rowStride: number, innerStride: number, outerStride: number) => ({
    tensor: random.tensor,
    offset: 0,
    rowStride,
    innerStride,
    outerStride,
  });
  const qkv = view(3 * WIDTH, HEAD_WIDTH, m * 3 * WIDTH);
  const scores = view(k, m * k, HEADS * m * k);
  const a = linear ? view(k, 0, 0) : kind === 'scores' ? qkv : scores;
  const b = linear ? view(k, 0, 0) : qkv;
  const extent = (operand: MatrixView, rows: number, columns: number) =>
    (outer - 1) * operand.outerStride + (inner - 1) * operand.innerStride + (rows - 1) * operand.rowStride + columns;
  const place = (operand: MatrixView, size: number, turn: number) => {
    const free = random.values.length - size;
    return { ...operand, offset: rotations === 1 ? 0 : 4 * Math.floor((free * turn) / (rotations - 1) / 4) };
  };
  const outs = [0, 1].map(() =>
    device.empty(linear ? [m, n] : kind === 'scores' ? [outer, inner, m, n] : [outer, m, WIDTH]),
  );
  const bias = linear ? device.tensor(operand(n, 3), [n]) : undefined;
  const residual = linear ? device.tensor(operand(m * n, 4), [m, n]) : undefined;
  const outView = (tensor: Tensor): MatrixView =>
    kind === 'values'
      ? { tensor, offset: 0, rowStride: WIDTH, innerStride: HEAD_WIDTH, outerStride: m * WIDTH }
      : { ...contiguousView(tensor, m, n), outerStride: inner * m * n };
  return {
    sizes: { m, n, k, outer, inner },
    epilogue: { transposeB: kind !== 'values', scale: kind === 'scores' ? 0.125 : 1, bias, residual },
    sets: Array.from({ length: rotations }, (_, turn) => ({
      a: place(a, extent(a, m, k), turn),
      b: place(b, kind === 'values' ? extent(b, k, n) : extent(b, n, k), rotations - 1 - turn),
      out: outView(outs[turn % 2]),
    })),
    dispose: () => [...outs, bias, residual].forEach((tensor) => tensor?.dispose()),
  };
}

/** The launches of a product by one kernel, one for each set of operands. */
export function launchesOf(
  { sets, sizes, epilogue }: Operands,
  kernel: MatmulKernelName,
): (Dispatch & { workgroups: Workgroups })[] {
  return sets.map(({ a, b, out }) => {
    const dispatch = withMatmulKernel(kernel, () => matmulDispatch(a, b, out, sizes, epilogue));
    return dispatch as Dispatch & { workgroups: Workgroups };
  });
}

/** Rows of a result that are compared, and entries of each: the last ones, and others spread over the rest. */
const SAMPLED_ROWS = 24;
const SAMPLED_COLUMNS = 24;

/**
 * Largest error of a product's first result against float64 at sampled entries, in units of 2^-24 times the sum of the
 * products' sizes. Rounding explains at most k + 4 of it.
 */
export async function largestError(
  device: Device,
  { sets, sizes, epilogue }: Operands,
  { values: random }: RandomValues,
): Promise<number> {
  const [{ a, b, out }] = sets;
  const width = out.tensor.shape.at(-1)!;
  const rows = out.tensor.size / width;
  const sampled = Array.from({ length: SAMPLED_ROWS }, (_, i) => (rows - 1 - i * 997) % rows).map((row) =>
    row < 0 ? row + rows : row,
  );
  const { bias = device.placeholder, residual = out.tensor, scale = 1, transposeB = false } = epilogue;
  const gathered = device.scope(() => {
    const index = device.tensor(sampled, [SAMPLED_ROWS], 'u32');
    return [out.tensor, residual].map((tensor) => gatherRows(tensor.reshape([rows, width]), index));
  });
  const [values, residuals, biases] = (await device.readAll([...gathered, bias])) as Float32Array[];
  for (const tensor of gathered) tensor.dispose();
  let worst = 0;
  for (const [s, row] of sampled.entries()) {
    for (let j = 0; j < SAMPLED_COLUMNS; j++) {
      const column = (width - 1 - ((j * 61) % width) + width) % width;
      const place = matrixAt(row, column, out, sizes);
      const aStart = startOf(a, place) + place.row * a.rowStride;
      const bStart = startOf(b, place) + (transposeB ? place.column * b.rowStride : place.column);
      const bStep = transposeB ? 1 : b.rowStride;
      let sum = 0;
      let size = 0;
      for (let depth = 0; depth < sizes.k; depth++) {
        const term = random[aStart + depth] * random[bStart + depth * bStep];
        sum += term;
        size += Math.abs(term);
      }
      const at = s * width + column;
      const addend =
        (epilogue.bias === undefined ? 0 : biases[column]) + (epilogue.residual === undefined ? 0 : residuals[at]);
      const error = Math.abs(values[at] - (scale * sum + addend)) / (scale * size + Math.abs(addend));
      worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
    }
  }
  return worst * 2 ** 24;
}

/** The matrix, row and column of an entry of the result's tensor, looked at as [rows, width]. */
function matrixAt(row: number, column: number, out: MatrixView, { m, n, inner }: MatmulSizes) {
  const sideBySide = out.rowStride > n;
  const matrix = Math.floor(row / m);
  return {
    row: row % m,
    column: sideBySide ? column % n : column,
    inner: sideBySide ? Math.floor(column / n) : matrix % inner,
    outer: sideBySide ? matrix : Math.floor(matrix / inner),
  };
}

function startOf(view: MatrixView, { outer, inner }: { outer: number; inner: number }): number {
  return view.offset + outer * view.outerStride + inner * view.innerStride;
}
