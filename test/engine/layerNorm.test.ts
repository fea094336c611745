import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAYER_NORM_EPSILON, layerNorm, layerNormOfMean } from '../../engine/index.ts';
import { layerNormOracle } from '../oracle/layerNorm.ts';
import { expectClose } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { layerNormTolerance } from '../support/layerNormTolerance.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

/** Compares both row kernels with the oracle. */
async function expectLayerNorm(
  x: Float32Array,
  width: number,
  gamma: Float32Array,
  beta: Float32Array,
  epsilon = LAYER_NORM_EPSILON,
): Promise<void> {
  const { device } = opened;
  const rows = x.length / width;
  const results = await evaluateAll(device, () => {
    const operands = [
      device.tensor(x, [rows, width]),
      device.tensor(gamma, [width]),
      device.tensor(beta, [width]),
    ] as const;
    return KERNEL_CLASSES.map((adapterClass) =>
      asAdapterClass(device, adapterClass, () => layerNorm(...operands, epsilon)),
    );
  });
  const oracle = layerNormOracle(x, width, gamma, beta, epsilon);
  const tolerance = layerNormTolerance(x, width, gamma, beta, oracle);
  for (const actual of results) expectClose({ actual, expected: oracle.y, tolerance, shape: [rows, width] });
}

describe('layerNorm', () => {
  it('equals its oracle for any shape, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths(70),
        lengths(800),
        seeds,
        fc.constantFrom(0.01, 1, 100),
        async (rows, width, seed, spread) => {
          const x = randomFloats(seed, rows * width, -spread, 2 * spread);
          await expectLayerNorm(x, width, randomFloats(seed + 1, width, -2, 2), randomFloats(seed + 2, width));
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it.each([30, 1000.3, 12345.678])('keeps its accuracy on a mean of %d and a spread of 0.01', async (mean) => {
    const x = randomFloats(1, 768, -0.01, 0.01).map((value) => mean + value);
    await expectLayerNorm(x, 768, new Float32Array(768).fill(1), new Float32Array(768));
  });

  it('gives beta on constant rows, however large', async () => {
    const x = Float32Array.from(
      [0, 1, -30, 1000.3, 12345.678].flatMap((value) => Array.from({ length: 769 }, () => value)),
    );
    await expectLayerNorm(x, 769, new Float32Array(769).fill(1), randomFloats(2, 769));
  });

  it('divides by the square root of epsilon alone where the variance is far below it', async () => {
    await expectLayerNorm(
      randomFloats(3, 2 * 65, -1e-6, 1e-6),
      65,
      new Float32Array(65).fill(1),
      new Float32Array(65),
      0.5,
    );
  });

  it('works on a vector and on no rows', async () => {
    const { device } = opened;
    const [vector, none] = await evaluateAll(device, () => {
      const [gamma, beta] = [device.tensor([1, 1], [2]), device.tensor([0, 5], [2])];
      return [layerNorm(device.tensor([-3, 3], [2]), gamma, beta), layerNorm(device.empty([0, 2]), gamma, beta)];
    });
    expect(Array.from(vector)).toEqual([-1, 6].map((value) => expect.closeTo(value, 5)));
    expect(none).toHaveLength(0);
  });

  it('of a mean equals that of the blend', async () => {
    const { device } = opened;
    await fc.assert(
      fc.asyncProperty(lengths(9), lengths(300), seeds, async (rows, width, seed) => {
        const x = randomFloats(seed, 2 * rows * width, -3, 4);
        const [gamma, beta] = [1, 2].map((i) => randomFloats(seed + i, width));
        const results = await evaluateAll(device, () => {
          const both = device.tensor(x, [2 * rows, 1, width]);
          const weights = [device.tensor(gamma, [width]), device.tensor(beta, [width])] as const;
          return KERNEL_CLASSES.map((adapterClass) =>
            asAdapterClass(device, adapterClass, () => layerNormOfMean(both, ...weights)),
          );
        });
        const half = rows * width;
        const mean = Float32Array.from({ length: half }, (_, i) => 0.5 * x[i] + 0.5 * x[half + i]);
        const oracle = layerNormOracle(mean, width, gamma, beta, LAYER_NORM_EPSILON);
        const tolerance = layerNormTolerance(mean, width, gamma, beta, oracle);
        for (const actual of results) expectClose({ actual, expected: oracle.y, tolerance, shape: [rows, width] });
      }),
      { numRuns: DEVICE_RUNS },
    );
    expect(shapeError(device, () => layerNormOfMean(device.zeros([3, 4]), device.zeros([4]), device.zeros([4])))).toBe(
      'layerNormOfMean: x is [3, 4], expected two tensors behind each other',
    );
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => layerNorm(device.zeros([2, 8]), device.zeros([7]), device.zeros([8])))).toBe(
      'layerNorm: gamma is [7], expected [8]',
    );
    expect(shapeError(device, () => layerNorm(device.zeros([2, 8]), device.zeros([8]), device.zeros([1, 8])))).toBe(
      'layerNorm: beta is [1, 8], expected [8]',
    );
    expect(shapeError(device, () => layerNorm(device.zeros([2, 8], 'f16'), device.zeros([8]), device.zeros([8])))).toBe(
      'layerNorm: x is f16, expected f32',
    );
    expect(shapeError(device, () => layerNorm(device.zeros([2, 8]), device.zeros([8], 'f16'), device.zeros([8])))).toBe(
      'layerNorm: gamma is f16, expected f32',
    );
    expect(shapeError(device, () => layerNorm(device.zeros([2, 8]), device.zeros([8]), device.zeros([8], 'u32')))).toBe(
      'layerNorm: beta is u32, expected f32',
    );
    expect(shapeError(device, () => layerNorm(device.zeros([2, 0]), device.zeros([0]), device.zeros([0])))).toBe(
      'layerNorm: x is [2, 0], expected at least one column',
    );
  });
});
