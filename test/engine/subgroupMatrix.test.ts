import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { floatsToHalves, halvesToFloats } from '../../engine/dtype.ts';
import { type Device, openDevice } from '../../engine/index.ts';
import { type Activation, matmul, stridedMatmul } from '../../engine/ops/matmul.ts';
import { matrixConstants, matrixTile, type MatrixTile, withMatrixTile } from '../../engine/ops/matmulHalf.ts';
import type { MatrixView } from '../../engine/ops/matrixViews.ts';
import { type KernelConstants, specialize } from '../../engine/pipeline.ts';
import { kernelSource } from '../../kernels/source.ts';
import { matmulOracle, type OracleView } from '../oracle/matmul.ts';
import { expectClose } from '../support/compare.ts';
import { evaluate } from '../support/device.ts';
import { randomFloats, seeds } from '../support/random.ts';

/**
 * One and two stages, with and without padding, several grids of subgroups; small enough for the null backend's 16 KiB
 * of workgroup memory, and for a CPU driver, which takes seconds to compile the larger ones.
 */
const TILES: readonly MatrixTile[] = [
  { tileM: 32, tileN: 32, gridM: 2, gridN: 2, kStep: 32, stages: 2, pad: 1 },
  { tileM: 64, tileN: 32, gridM: 4, gridN: 1, kStep: 16, stages: 1, pad: 0 },
];

/** Set by scripts/check-subgroup-matrices.mjs: an adapter without matrices is a failure, and no process can be started. */
const NEEDS_MATRICES = process.env.MATRICES_EXPECTED === '1';

describe.skipIf(NEEDS_MATRICES)('on the null backend', () => {
  it('compiles for the matrices of NVIDIA, Apple and lavapipe', () => {
    const sides = [
      { m: 16, n: 16, k: 16, subgroupSize: 32 },
      { m: 16, n: 8, k: 16, subgroupSize: 32 },
      { m: 8, n: 8, k: 8, subgroupSize: 32 },
    ];
    const variants = sides.flatMap((side) =>
      TILES.flatMap((tile) =>
        [true, false].flatMap((flag) => [
          { ...matrixConstants(side, tile), TRANSPOSE_B: flag, A_HALF: !flag, HAS_BIAS: true, ACTIVATION: 1 },
          {
            ...matrixConstants(side, tile),
            TRANSPOSE_B: flag,
            B_HALF: !flag,
            VECTOR_A: false,
            VECTOR_B: false,
            A_ELEMENT: 'u32',
            B_ELEMENT: 'u32',
            OUT_ELEMENT: flag ? 'f16' : 'f32',
            HAS_RESIDUAL: true,
          },
        ]),
      ),
    );
    expect(compiled(variants)).toEqual(variants.map(() => null));
  });

  it('accepts every tile that the engine takes on NVIDIA, for which it has too little memory', () => {
    const nvidia = { m: 16, n: 16, k: 16, subgroupSize: 32 };
    const memory = 48 * 1024;
    const sizes = [197, 589, 1584].flatMap((m) => [768, 2304, 3072].map((n) => ({ m, n, k: 768, outer: 1, inner: 1 })));
    const tiles = new Set(sizes.map((size) => matrixTile(nvidia, size, memory)));
    expect(tiles.size).toBe(4);
    const variants = [...tiles].flatMap((tile) =>
      [true, false].map((flag) => ({
        ...matrixConstants(nvidia, tile),
        TRANSPOSE_B: flag,
        A_HALF: flag,
        B_HALF: true,
        OUT_ELEMENT: flag ? 'f16' : 'f32',
        HAS_BIAS: true,
        ACTIVATION: 1,
      })),
    );
    // What a driver refuses comes after what is wrong in the text.
    const uses = compiled(variants).map((message) => /^The total use of workgroup storage \((\d+)/.exec(message!)?.[1]);
    for (const bytes of uses) expect(Number(bytes)).toBeLessThanOrEqual(memory);
  });

  function compiled(variants: readonly KernelConstants[]): (string | null)[] {
    const source = kernelSource('matmul_subgroup_matrix');
    const texts = variants.map((constants) => specialize('matmul_subgroup_matrix', source, constants));
    const script = fileURLToPath(new URL('../support/nullBackend.ts', import.meta.url));
    const loader = ['--import', 'tsx'];
    const child = spawnSync(process.execPath, [...loader, script], { input: JSON.stringify(texts), encoding: 'utf8' });
    expect(child.stderr).not.toContain('Error');
    return JSON.parse(child.stdout) as (string | null)[];
  }
});

describe('on an adapter with subgroup matrices', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ debug: '', precision: 'f16' });
  });
  afterAll(() => device.destroy());

  function skipWithout({ skip }: Pick<TestContext, 'skip'>): void {
    if (device.products.matrices === undefined && !NEEDS_MATRICES)
      skip(`${device.name} has no subgroup matrices (scripts/check-subgroup-matrices.mjs brings a driver that has)`);
  }

  const lengths = fc.constantFrom(1, 3, 7, 8, 15, 16, 17, 24, 31, 33, 63, 64, 65, 72, 96, 129);
  const cases = fc.record({
    m: lengths,
    n: lengths,
    k: lengths,
    outer: fc.integer({ min: 1, max: 2 }),
    inner: fc.integer({ min: 1, max: 2 }),
    gap: fc.constantFrom(0, 3, 8),
    seed: seeds,
  });

  /** What a kernel is specialised by, in few combinations, because each is compiled. */
  interface Variant {
    dtypes: readonly ['f32' | 'f16', 'f32' | 'f16', 'f32' | 'f16'];
    transposeB: boolean;
    tile: MatrixTile;
    hasBias: boolean;
    hasResidual: boolean;
    activation: Activation;
  }
  const plain = { hasBias: false, hasResidual: false, activation: 'none' } as const;
  const variants: readonly Variant[] = [
    { dtypes: ['f32', 'f16', 'f32'], transposeB: true, tile: TILES[0], ...plain, hasBias: true },
    { dtypes: ['f16', 'f16', 'f16'], transposeB: true, tile: TILES[1], ...plain, activation: 'quickGelu' },
    { dtypes: ['f32', 'f32', 'f32'], transposeB: false, tile: TILES[0], ...plain },
    { dtypes: ['f16', 'f16', 'f32'], transposeB: false, tile: TILES[1], ...plain, hasResidual: true },
  ];

  /** Values that are exact in f16, laid out with gaps. */
  function view(rows: number, columns: number, inner: number, outer: number, gap: number, seed: number) {
    const rowStride = columns + gap;
    const innerStride = rows * rowStride + gap;
    const outerStride = inner * innerStride + gap;
    const values = halvesToFloats(floatsToHalves(randomFloats(seed, gap + outer * outerStride)));
    return { offset: gap, rowStride, innerStride, outerStride, values };
  }

  /**
   * Sums are f32, of which matrix units may cut the last bit: k + 4 roundings of 2^-23 of the sum's size. An f16 result
   * is rounded once more, or is 0 below f16's normal numbers. The activations have slopes of
   * at most 1.13 and errors of their own (see matmul.test.ts).
   */
  function bound(k: number, size: number, isHalf: boolean): number {
    return (
      1.13 * (k + 4) * 2 ** -23 * size + 2 ** -22 * size * (24 + 8 * size) + (isHalf ? 2 ** -10 * size + 2 ** -14 : 0)
    );
  }

  it.for(variants)(
    'equals the oracle for any sizes and strides, variant %$',
    { timeout: 300_000 },
    async (variant, context) => {
      skipWithout(context);
      const { dtypes, transposeB, tile, hasBias, hasResidual, activation } = variant;
      await fc.assert(
        fc.asyncProperty(cases, async ({ m, n, k, outer, inner, gap, seed }) => {
          const sizes = { m, n, k, outer, inner };
          const a = view(m, k, inner, outer, gap, seed);
          const b = view(transposeB ? n : k, transposeB ? k : n, inner, outer, gap, seed + 1);
          const out = view(m, n, inner, outer, gap, seed + 2);
          const bias = hasBias ? randomFloats(seed + 3, n) : undefined;
          const residual = hasResidual ? { ...out, values: randomFloats(seed + 4, out.values.length) } : undefined;
          const actual = await evaluate(device, () => {
            const upload = (values: Float32Array) => device.tensor(values, [values.length]);
            const [viewA, viewB, target] = [a, b, out].map((source, i): MatrixView => ({
              ...source,
              tensor: device.tensor(source.values, [source.values.length], dtypes[i]),
            }));
            const options = {
              transposeB,
              scale: 0.75,
              bias: bias && upload(bias),
              residual: residual && upload(residual.values),
              activation,
              mayRound: true,
            };
            withMatrixTile(tile, () => stridedMatmul(viewA, viewB, target, sizes, options));
            return target.tensor;
          });
          const product = matmulOracle(a, b, { ...sizes, transposeB, scale: 0.75, bias, activation, residual });
          const expected = Float64Array.from(out.values);
          const tolerances = new Float64Array(expected.length);
          let index = 0;
          for (let o = 0; o < outer; o++)
            for (let i = 0; i < inner; i++)
              for (let row = 0; row < m; row++)
                for (let column = 0; column < n; column++, index++) {
                  const p = out.offset + o * out.outerStride + i * out.innerStride + row * out.rowStride + column;
                  expected[p] = product.values[index];
                  const size =
                    product.magnitudes[index] + Math.abs(bias?.[column] ?? 0) + Math.abs(residual?.values[p] ?? 0);
                  tolerances[p] = bound(k, size, dtypes[2] === 'f16') + (activation === 'gelu' ? 1.5e-7 * size : 0);
                }
          expectClose({ actual: actual as Float32Array, expected, tolerance: (p) => tolerances[p] });
        }),
        { numRuns: 12 },
      );
    },
  );

  it('rounds each operand once, where it may', { timeout: 300_000 }, async (context) => {
    skipWithout(context);
    const [m, n, k] = [33, 40, 96];
    const [a, b] = [randomFloats(1, m * k), randomFloats(2, n * k)];
    const actual = await evaluate(device, () =>
      matmul(device.tensor(a, [m, k]), device.tensor(b, [n, k]), { transposeB: true, mayRound: true }),
    );
    const { values, magnitudes } = matmulOracle(packed(a, k), packed(b, k), { m, n, k, transposeB: true });
    // A conversion may cut: 2^-10 of a and of b; what their product leaves out is less than one more 2^-19.
    const tolerance = (i: number) => (2 * 2 ** -10 + 2 ** -19 + (k + 1) * 2 ** -23) * magnitudes[i];
    expectClose({ actual: actual as Float32Array, expected: values, tolerance });
    const exact = await evaluate(device, () =>
      matmul(device.tensor(a, [m, k]), device.tensor(b, [n, k]), { transposeB: true }),
    );
    expectClose({
      actual: exact as Float32Array,
      expected: values,
      tolerance: (i) => (k + 1) * 2 ** -24 * magnitudes[i],
    });
  });
});

function packed(values: Float32Array, columns: number): OracleView {
  return { values, offset: 0, rowStride: columns, innerStride: 0, outerStride: 0 };
}
