import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightedMean } from '../../engine/index.ts';
import { weightedMeanOracle } from '../oracle/weightedMean.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('weightedMean', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(12),
        lengths(),
        fc.constantFrom(0, 1, 10),
        seeds,
        async (batch, rows, width, factor, seed) => {
          const { device } = opened;
          const shape = [batch, rows, width];
          const [a, b] = [
            randomFloats(seed, batch * rows * width, -5, 5),
            randomFloats(seed + 1, batch * rows * width, -5, 5),
          ];
          const weight = randomFloats(seed + 2, batch * rows, 0, 2);
          const actual = await evaluate(device, () =>
            weightedMean(
              device.tensor(a, shape),
              device.tensor(b, shape),
              device.tensor(weight, [batch, rows]),
              factor,
            ),
          );
          // The weight, two products, two sums and a division (5 U) of means up to 5.
          expectClose({ actual, expected: weightedMeanOracle(a, b, weight, factor), tolerance: 12 * U * 5, shape });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes one weight, and refuses operands that do not fit', async () => {
    const { device } = opened;
    expectEqual(
      await evaluate(device, () =>
        weightedMean(device.tensor([2, 4], [1, 2]), device.tensor([6, 8], [1, 2]), device.tensor([0.5], [1]), 2),
      ),
      [4, 6],
    );
    expectEqual(
      await evaluate(device, () => weightedMean(device.empty([0, 2]), device.empty([0, 2]), device.empty([0]), 2)),
      [],
    );
    expect(
      shapeError(device, () => weightedMean(device.zeros([2, 3]), device.zeros([3, 2]), device.zeros([2]), 1)),
    ).toBe('weightedMean: b is [3, 2], expected [2, 3]');
    expect(
      shapeError(device, () => weightedMean(device.zeros([2, 3]), device.zeros([2, 3]), device.zeros([3]), 1)),
    ).toBe('weightedMean: weight is [3], expected [2]');
  });
});
