import fc from 'fast-check';
import { describe, expect, it, type TestContext } from 'vitest';
import { type Activation, stridedMatmul } from '../../engine/ops/matmul.ts';
import { BLOCK_SHAPES, type BlockName, isBlock } from '../../engine/ops/matmulBlocks.ts';
import type { MatmulSizes, MatrixView } from '../../engine/ops/matrixViews.ts';
import {
  MATMUL_KERNELS,
  matmulKernelRuns,
  type MatmulKernelName,
  withMatmulKernel,
} from '../../engine/ops/matmulKernels.ts';
import { at, matmulOracle, type OracleView } from '../oracle/matmul.ts';
import { expectClose, U } from '../support/compare.ts';
import { evaluate, useDevice } from '../support/device.ts';
import { randomFloats, seeds } from '../support/random.ts';

const gpu = useDevice();

/** Lengths around the tiles of all kernels: 4, 8, 16, 24, 32 and 64, and odd ones that break every vector load. */
const lengths = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 23, 24, 25, 31, 32, 33, 48, 61, 63, 64, 65, 68, 97);

/** Multiples of 4, so that rows can be loaded as vectors. */
const vectorLengths = fc.constantFrom(4, 8, 12, 16, 20, 24, 28, 32, 36, 60, 64, 68, 100);

interface Layout {
  offset: number;
  rowGap: number;
  innerGap: number;
  outerGap: number;
}

interface Epilogue {
  hasBias: boolean;
  hasResidual: boolean;
  activation: Activation;
}

/** Every branch of the epilogue in as few pipelines as possible: compiling them takes most of this file's time. */
const EPILOGUES: readonly Epilogue[] = [
  { hasBias: false, hasResidual: false, activation: 'none' },
  { hasBias: true, hasResidual: false, activation: 'quickGelu' },
  { hasBias: true, hasResidual: true, activation: 'gelu' },
];

/** The blocks are one kernel, whose epilogue does not depend on the shape: each shape gets two, and all are had. */
function epiloguesOf(name: MatmulKernelName): readonly Epilogue[] {
  if (name === 'block 32x32 4x4') return [EPILOGUES[0], EPILOGUES[1]];
  if (name === 'block 64x64 8x4') return [EPILOGUES[0], EPILOGUES[2]];
  return EPILOGUES;
}

/**
 * A block has 16 pipelines: by how it loads, `transposeB`, whether k has a tail, and the epilogue. Any three of these
 * meet in every way in 8 of them, where the epilogue follows from the others.
 */
function epilogueOfBlock(name: BlockName, { k, transposeB }: { k: number; transposeB: boolean }, step: number): number {
  const hasTail = k % BLOCK_SHAPES[name].kStep !== 0;
  return (Number(step === 1) + Number(transposeB) + Number(hasTail) + 1) % 2;
}

interface Case extends MatmulSizes, Epilogue {
  transposeB: boolean;
  layouts: [Layout, Layout, Layout];
  seed: number;
}

function layouts(step: number): fc.Arbitrary<Layout> {
  const gap = fc.integer({ min: 0, max: 3 }).map((count) => count * step);
  return fc.record({ offset: gap, rowGap: gap, innerGap: gap, outerGap: gap });
}

function cases(name: MatmulKernelName, length: fc.Arbitrary<number>, step: number): fc.Arbitrary<Case> {
  const sizes = fc.record({
    m: lengths,
    n: length,
    k: length,
    outer: fc.integer({ min: 1, max: 2 }),
    inner: fc.integer({ min: 1, max: 3 }),
    transposeB: fc.boolean(),
    layouts: fc.tuple(layouts(step), layouts(step), layouts(step)),
    seed: seeds,
  });
  const epilogues = epiloguesOf(name);
  return fc.tuple(sizes, fc.nat(epilogues.length - 1)).map(([size, any]) => ({
    ...size,
    ...epilogues[isBlock(name) ? epilogueOfBlock(name, size, step) : any],
  }));
}

/** Random values laid out with gaps; a wrong index then reads a value that shows. */
function view(
  rows: number,
  columns: number,
  sizes: MatmulSizes,
  layout: Layout,
  seed: number,
): OracleView & { values: Float32Array } {
  const rowStride = columns + layout.rowGap;
  const innerStride = rows * rowStride + layout.innerGap;
  const outerStride = sizes.inner * innerStride + layout.outerGap;
  const { offset } = layout;
  return {
    offset,
    rowStride,
    innerStride,
    outerStride,
    values: randomFloats(seed, offset + sizes.outer * outerStride),
  };
}

/**
 * Bound on the error of a float32 result. Each of the k products and k - 1 additions is rounded once, whatever the
 * order: (k + 1) U sum |a||b|, U = 2^-24, plus the factor, the bias and the residual: 3 U of their sizes. The
 * activations have slopes of at most 1.13. Their own error: WGSL allows exp(x) an error of 3 + 2 |x| ulp (of 2 U each),
 * |x| < 1.702 |y| where it is used, the division 2.5 ulp, and the polynomial of erf is wrong by up to 1.5e-7.
 */
function tolerance(k: number, magnitude: number, activation: Activation, addend: number): number {
  const sum = 1.13 * U * ((k + 4) * magnitude + 4 * addend);
  const y = magnitude + addend;
  if (activation === 'none') return sum + U * addend;
  return sum + U * (addend + y * (24 + 8 * y)) + (activation === 'gelu' ? 1.5e-7 * y : 0);
}

async function check(name: MatmulKernelName, test: Case): Promise<void> {
  const { device } = gpu;
  const { m, n, k, transposeB, activation, seed, outer, inner } = test;
  const a = view(m, k, test, test.layouts[0], seed);
  const b = transposeB ? view(n, k, test, test.layouts[1], seed + 1) : view(k, n, test, test.layouts[1], seed + 1);
  const out = view(m, n, test, test.layouts[2], seed + 2);
  const bias = test.hasBias ? randomFloats(seed + 3, n) : undefined;
  const residual = test.hasResidual ? { ...out, values: randomFloats(seed + 4, out.values.length) } : undefined;
  const scale = 0.75;

  const actual = (await evaluate(device, () => {
    const upload = (values: Float32Array) => device.tensor(values, [values.length]);
    const asView = (source: OracleView & { values: Float32Array }): MatrixView => ({
      ...source,
      tensor: upload(source.values),
    });
    const target = asView(out);
    const epilogue = {
      transposeB,
      scale,
      activation,
      bias: bias && upload(bias),
      residual: residual && upload(residual.values),
    };
    withMatmulKernel(name, () => stridedMatmul(asView(a), asView(b), target, test, epilogue));
    return target.tensor;
  })) as Float32Array;

  const product = matmulOracle(a, b, { m, n, k, outer, inner, transposeB, scale, bias, activation, residual });
  // What lies between the rows of the output must not change.
  const expected = Float64Array.from(out.values);
  const tolerances = new Float64Array(expected.length);
  let index = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++, index++) {
          const position = out.offset + o * out.outerStride + i * out.innerStride + row * out.rowStride + column;
          const addend =
            Math.abs(bias?.[column] ?? 0) + Math.abs(residual === undefined ? 0 : at(residual, o, i, row, column));
          expected[position] = product.values[index];
          tolerances[position] = tolerance(k, product.magnitudes[index], activation, addend);
        }
      }
    }
  }
  expectClose({ actual, expected, tolerance: (position) => tolerances[position] });
}

function skipWhereMissing(context: TestContext, name: MatmulKernelName): void {
  if (!matmulKernelRuns(gpu.device, name))
    context.skip(`${name} needs subgroups of 4 or 8, which ${gpu.device.name} lacks`);
}

/** Shapes of 8 x 8 outputs a thread, which a CPU driver compiles for 10 seconds and more each. */
const SLOW_KERNELS: readonly MatmulKernelName[] = ['block 32x64 split 4 k32', 'block 64x64 split 2 k32'];

const PACKED: Layout = { offset: 0, rowGap: 0, innerGap: 0, outerGap: 0 };

describe.each(MATMUL_KERNELS.filter((name) => !SLOW_KERNELS.includes(name)))('matmul kernel %s', (name) => {
  it('equals the oracle for odd sizes and any strides', async (context) => {
    skipWhereMissing(context, name);
    await fc.assert(
      fc.asyncProperty(cases(name, lengths, 1), (test) => check(name, test)),
      { numRuns: 14 },
    );
  });

  it('equals the oracle where rows can be loaded as vectors', async (context) => {
    skipWhereMissing(context, name);
    await fc.assert(
      fc.asyncProperty(cases(name, vectorLengths, 4), (test) => check(name, test)),
      { numRuns: 10 },
    );
  });

  it.for([
    ['one token', 1, 128, 128, true],
    ['attention scores', 197, 197, 64, true],
    ['attention values', 197, 64, 197, false],
    ['six windows', 1182, 64, 128, true],
  ] as const)('equals the oracle for %s', async ([, m, n, k, transposeB], context) => {
    skipWhereMissing(context, name);
    const test: Case = {
      m,
      n,
      k,
      outer: 1,
      inner: 1,
      transposeB,
      layouts: [PACKED, PACKED, PACKED],
      ...EPILOGUES[0],
      seed: m,
    };
    await check(name, test);
  });

  it('does not let values beyond the edge in, whatever they are', async (context) => {
    skipWhereMissing(context, name);
    const { device } = gpu;
    for (const transposeB of [false, true]) {
      const [m, n, k] = [3, 5, 6];
      const [bRows, bColumns] = transposeB ? [n, k] : [k, n];
      // NaN before and behind every row: multiplied by zero it would still show.
      const padded = (rows: number, columns: number) =>
        Float32Array.from({ length: (rows + 2) * 16 }, (_, i) =>
          i >= 16 && i < (rows + 1) * 16 && i % 16 >= 4 && i % 16 < 4 + columns ? 1 : Number.NaN,
        );
      const actual = await evaluate(device, () => {
        const asView = (rows: number, columns: number): MatrixView => {
          const values = padded(rows, columns);
          return {
            tensor: device.tensor(values, [values.length]),
            offset: 20,
            rowStride: 16,
            innerStride: 0,
            outerStride: 0,
          };
        };
        const out = device.empty([m, n]);
        const target = { tensor: out, offset: 0, rowStride: n, innerStride: 0, outerStride: 0 };
        withMatmulKernel(name, () =>
          stridedMatmul(asView(m, k), asView(bRows, bColumns), target, { m, n, k, outer: 1, inner: 1 }, { transposeB }),
        );
        return out;
      });
      expect([...actual]).toEqual(Array(m * n).fill(k));
    }
  });
});

describe('of the kernels that compile slowly', () => {
  // `bench -- tune` checks them all, on the GPU that it runs on.
  it('the one that discrete GPUs take equals the oracle at the edges of its tile', { timeout: 300_000 }, async () => {
    await check('block 32x64 split 4 k32', {
      m: 69,
      n: 131,
      k: 44,
      outer: 1,
      inner: 2,
      transposeB: true,
      layouts: [PACKED, PACKED, PACKED],
      ...EPILOGUES[2],
      seed: 1,
    });
  });
});
