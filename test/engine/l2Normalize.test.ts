import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { l2Normalize } from '../../engine/index.ts';
import { l2NormalizeOracle } from '../oracle/l2Normalize.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

async function bothKernels(x: Float32Array, shape: readonly number[]): Promise<ArrayLike<number>[]> {
  const { device } = opened;
  return evaluateAll(device, () => {
    const tensor = device.tensor(x, shape);
    return KERNEL_CLASSES.map((adapterClass) => asAdapterClass(device, adapterClass, () => l2Normalize(tensor)));
  });
}

/** A sum of n squares is off by (n + 1) U relatively, its root by half of that and 5 U, the division by 5 U. */
async function expectNormalized(x: Float32Array, rows: number, width: number): Promise<void> {
  const expected = l2NormalizeOracle(x, width);
  const tolerance = (i: number) => (width / 2 + 12) * U * Math.abs(expected[i]);
  for (const actual of await bothKernels(x, [rows, width]))
    expectClose({ actual, expected, tolerance, shape: [rows, width] });
}

describe('l2Normalize', () => {
  it('equals its oracle for any shape, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths(70),
        lengths(800),
        seeds,
        fc.constantFrom(1e-6, 1, 1e6),
        async (rows, width, seed, size) => {
          await expectNormalized(randomFloats(seed, rows * width, -size, size), rows, width);
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('leaves rows of zeros among others as they are', async () => {
    const x = Float32Array.of(3, 4, 0, 0, 0, -2);
    for (const actual of await bothKernels(x, [3, 2]))
      expectClose({ actual, expected: [0.6, 0.8, 0, 0, 0, -1], tolerance: 12 * U });
    for (const actual of await bothKernels(new Float32Array(130), [2, 65])) expectEqual(actual, new Float32Array(130));
  });

  it('takes no rows', async () => {
    for (const actual of await bothKernels(new Float32Array(0), [0, 3])) expectEqual(actual, []);
  });

  it('refuses an empty last axis and other dtypes', () => {
    const { device } = opened;
    expect(shapeError(device, () => l2Normalize(device.zeros([3, 0])))).toBe(
      'l2Normalize: x is [3, 0], expected at least one column',
    );
    expect(shapeError(device, () => l2Normalize(device.zeros([3], 'f16')))).toBe('l2Normalize: x is f16, expected f32');
  });
});
