import { describe, expect, it } from 'vitest';
import { floatsToHalves, halvesToFloats } from '../../engine/dtype.ts';
import type { Device } from '../../engine/index.ts';
import { matmul } from '../../engine/ops/matmul.ts';
import { matrixTile } from '../../engine/ops/matmulHalf.ts';
import { MATMUL_KERNELS, matmulKernelRuns, withMatmulKernel } from '../../engine/ops/matmulKernels.ts';
import { matmulOracle, type OracleView } from '../oracle/matmul.ts';
import { expectClose, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';

const gpu = useDevice();

describe('matrixTile', () => {
  const nvidia = { m: 16, n: 16, k: 16, subgroupSize: 32 };
  const apple = { m: 8, n: 8, k: 8, subgroupSize: 32 };
  const KIB = 1024;

  it.each([
    ['the widest layer of an image', 589, 3072, 1, nvidia, 48, '128x128 k64 1'],
    ['of a window', 197, 3072, 1, nvidia, 48, '64x64 k64 1'],
    ['a narrow layer of an image', 589, 768, 1, nvidia, 48, '64x64 k64 2'],
    ['of a window', 197, 768, 1, nvidia, 48, '32x32 k64 2'],
    ['values of attention, narrower than the largest tile', 197, 64, 72, nvidia, 48, '64x64 k64 1'],
    ['smaller matrices, of which the largest tile needs too many', 589, 3072, 1, apple, 48, '64x64 k64 1'],
    ['less workgroup memory', 589, 3072, 1, nvidia, 32, '64x64 k64 1'],
    ['least workgroup memory', 589, 3072, 1, nvidia, 16, '32x32 k32 1'],
    ['a CPU driver', 589, 3072, 1, { ...apple, subgroupSize: 8 }, 32, '64x64 k32 1'],
  ])('%s', (_, m, n, inner, matrices, memory, expected) => {
    const { tileM, tileN, kStep, stages } = matrixTile(matrices, { m, n, k: 768, outer: 1, inner }, memory * KIB);
    expect(`${tileM}x${tileN} k${kStep} ${stages}`).toBe(expected);
  });
});

describe('a device that computes in f16 without subgroup matrices', () => {
  // Those that split k compile for 10 seconds on a CPU driver; weights, which alone are f16, come transposed.
  const cases = MATMUL_KERNELS.filter((name) => name !== 'block 64x64 split 2 k32').flatMap((name) =>
    (name.includes('split') ? [true] : [true, false]).map((transposeB) => ({ name, transposeB })),
  );
  it.for(cases)('reads weights in f16 with $name, transposed $transposeB', async ({ name, transposeB }, context) => {
    if (!matmulKernelRuns(gpu.device, name)) context.skip(`${name} does not run on ${gpu.device.name}`);
    const { device } = gpu;
    if (!device.has('shader-f16')) context.skip(`${device.name} has no f16`);
    const [m, n, k] = [25, 40, 72];
    const a = randomFloats(1, m * k);
    const b = floatsToHalves(randomFloats(2, n * k));
    const bShape = transposeB ? [n, k] : [k, n];
    const actual = (await evaluate(device, () =>
      computingInHalves(device, () =>
        withMatmulKernel(name, () => matmul(device.tensor(a, [m, k]), device.tensor(b, bShape, 'f16'), { transposeB })),
      ),
    )) as Float32Array;
    const { values, magnitudes } = matmulOracle(
      packedView(a, m, k),
      packedView(halvesToFloats(b), bShape[0], bShape[1]),
      { m, n, k, transposeB },
    );
    expectClose({ actual, expected: values, tolerance: (i) => (k + 1) * U * magnitudes[i], shape: [m, n] });
  });

  it('refuses f16 where it is not read', () => {
    const { device } = gpu;
    const halves = () => matmul(device.empty([4, 4]), device.empty([4, 4], 'f16'));
    expect(shapeError(device, halves)).toBe('matmul: b is f16, expected f32');
    const bothHalves = () => matmul(device.empty([4, 4], 'f16'), device.empty([4, 4], 'f16'));
    expect(shapeError(device, () => computingInHalves(device, bothHalves))).toBe('matmul: a is f16, expected f32');
  });
});

/** Runs a synchronous body on a device that computes in f16 without subgroup matrices. */
function computingInHalves<Result>(device: Device, body: () => Result): Result {
  const before = device.products;
  device.products = { precision: 'f16' };
  try {
    return body();
  } finally {
    device.products = before;
  }
}

function packedView(values: Float32Array, rows: number, columns: number): OracleView {
  return { values, offset: 0, rowStride: columns, innerStride: rows * columns, outerStride: 0 };
}
