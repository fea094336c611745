import { describe, expect, it } from 'vitest';
import { matmul, stridedMatmul } from '../../engine/ops/matmul.ts';
import { withMatmulKernel } from '../../engine/ops/matmulKernels.ts';
import { matmulOracle, type OracleView } from '../oracle/matmul.ts';
import { expectClose, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';

const gpu = useDevice();

describe('matmul', () => {
  it('shares b among the leading axes of a', async () => {
    const { device } = gpu;
    const [a, b] = [randomFloats(1, 2 * 5 * 12), randomFloats(2, 12 * 7)];
    const actual = await evaluate(device, () => matmul(device.tensor(a, [2, 5, 12]), device.tensor(b, [12, 7])));
    const { values, magnitudes } = matmulOracle(packedView(a, 10, 12), packedView(b, 12, 7), { m: 10, n: 7, k: 12 });
    expectClose({ actual, expected: values, tolerance: (i) => 13 * U * magnitudes[i], shape: [2, 5, 7] });
  });

  it('multiplies batch by batch where both have the same leading axes', async () => {
    const { device } = gpu;
    const [a, b] = [randomFloats(3, 6 * 5 * 12), randomFloats(4, 6 * 7 * 12)];
    const actual = await evaluate(device, () =>
      matmul(device.tensor(a, [2, 3, 5, 12]), device.tensor(b, [2, 3, 7, 12]), { transposeB: true }),
    );
    const { values, magnitudes } = matmulOracle(packedView(a, 5, 12), packedView(b, 7, 12), {
      m: 5,
      n: 7,
      k: 12,
      inner: 6,
      transposeB: true,
    });
    expectClose({ actual, expected: values, tolerance: (i) => 13 * U * magnitudes[i], shape: [2, 3, 5, 7] });
  });

  it('gives bias and residual where the inner size is 0, and nothing where a side is', async () => {
    const { device } = gpu;
    const empty = await evaluate(device, () =>
      matmul(device.empty([2, 0]), device.empty([0, 3]), { bias: device.tensor([1, 2, 3], [3]) }),
    );
    expect([...empty]).toEqual([1, 2, 3, 1, 2, 3]);
    expect((await evaluate(device, () => matmul(device.empty([0, 4]), device.empty([4, 3])))).length).toBe(0);
  });

  it.each(['naive', 'register_tile', 'subgroup_tile', 'block 32x32 4x4'] as const)(
    'takes QuickGELU of values that are far from 0, by %s',
    async (kernel) => {
      const { device } = gpu;
      const bias = [-1e30, -1e4, -100, -52, -20, 0, 20, 1e4];
      const actual = await evaluate(device, () =>
        withMatmulKernel(kernel, () =>
          matmul(device.zeros([3, 4]), device.zeros([8, 4]), {
            transposeB: true,
            bias: device.tensor(bias, [8]),
            activation: 'quickGelu',
          }),
        ),
      );
      // Of the smallest, 1e30 / exp(88).
      const expected = bias.map((x) => (x < -50 ? x / Math.exp(88) : x / (1 + Math.exp(-1.702 * x))));
      expectClose({ actual: actual.subarray(16), expected, tolerance: (i) => 1e-5 * Math.abs(expected[i]) + 1e-30 });
    },
  );

  it('names both shapes when they do not fit', () => {
    const { device } = gpu;
    const error = (a: number[], b: number[], transposeB = false) =>
      shapeError(device, () => matmul(device.empty(a), device.empty(b), { transposeB }));
    expect(error([197, 768], [512, 768])).toBe('matmul: inner sizes differ: [197, 768] x [512, 768]');
    expect(error([197, 768], [768, 512], true)).toBe('matmul: inner sizes differ: [197, 768] x [768, 512] transposed');
    expect(error([2, 5, 4], [3, 4, 6])).toBe('matmul: batches differ: [2, 5, 4] x [3, 4, 6]');
    expect(error([4], [4, 6])).toBe('matmul: [4] x [4, 6]: expected matrices');
  });

  it('refuses a view that reaches beyond its tensor, and other dtypes', () => {
    const { device } = gpu;
    const beyond = () => {
      const tensor = device.empty([4, 4]);
      const whole = { tensor, offset: 0, rowStride: 4, innerStride: 0, outerStride: 0 };
      stridedMatmul(
        { ...whole, offset: 1 },
        whole,
        { ...whole, tensor: device.empty([4, 4]) },
        { m: 4, n: 4, k: 4, outer: 1, inner: 1 },
      );
    };
    expect(shapeError(device, beyond)).toBe('matmul: the view of a ends at element 17 of tensor [4, 4]');
    expect(shapeError(device, () => matmul(device.empty([4, 4], 'u32'), device.empty([4, 4])))).toContain('u32');
  });
});

function packedView(values: Float32Array, rows: number, columns: number): OracleView {
  return { values, offset: 0, rowStride: columns, innerStride: rows * columns, outerStride: 0 };
}
