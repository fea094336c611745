import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchRange } from '../../engine/index.ts';
import { matchRangeOracle } from '../oracle/matchRange.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('matchRange', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(5),
        lengths(),
        lengths(),
        seeds,
        async (batch, rows, width, modelWidth, seed) => {
          const { device } = opened;
          const x = randomFloats(seed, batch * rows * width, -2, 9);
          const model = randomFloats(seed + 1, batch * rows * modelWidth, -4, 4);
          const actual = await evaluate(device, () =>
            matchRange(device.tensor(x, [batch, rows, width]), device.tensor(model, [batch, rows, modelWidth])),
          );
          // Two differences, a division (5 U), a product and a sum of numbers up to 8.
          expectClose({
            actual,
            expected: matchRangeOracle(x, width, model, modelWidth),
            tolerance: 12 * U * 8,
            shape: [batch, rows, width],
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('makes a constant row the smallest element, and refuses other rows', async () => {
    const { device } = opened;
    const rows = await evaluate(device, () =>
      matchRange(device.tensor([7, 7, 0, 1], [2, 2]), device.tensor([3, -1, 5, 6], [2, 2])),
    );
    expectEqual(rows, [-1, -1, 5, 6]);
    expect(shapeError(device, () => matchRange(device.zeros([2, 3]), device.zeros([3, 3])))).toBe(
      'matchRange: model is [3, 3], expected [2, ?]',
    );
  });
});
