import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnMean } from '../../engine/index.ts';
import { columnMeanOracle } from '../oracle/columnMean.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('columnMean', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(4),
        lengths(200),
        lengths(200),
        fc.integer({ min: 0, max: 2 }),
        seeds,
        async (matrices, rows, columns, skip, seed) => {
          fc.pre(skip < columns);
          const { device } = opened;
          const x = randomFloats(seed, matrices * rows * columns);
          const actual = await evaluate(device, () =>
            columnMean(device.tensor(x, [matrices, rows, columns]), skip, rows),
          );
          // A sum of n terms is off by n U sum |x|, the division by 5 U.
          const masses = columnMeanOracle(x.map(Math.abs), rows, columns, skip, rows);
          const expected = columnMeanOracle(x, rows, columns, skip, rows);
          expectClose({
            actual,
            expected,
            tolerance: (i) => (rows + 5) * U * masses[i],
            shape: [matrices, columns - skip],
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('gives 0 where every row is skipped, and takes matrices with no batch', async () => {
    const { device } = opened;
    expectEqual(await evaluate(device, () => columnMean(device.tensor([1, 2, 3], [1, 3]), 1, 7)), [0, 0]);
    expectEqual(await evaluate(device, () => columnMean(device.tensor([1, 2, 3, 4], [2, 2]), 0, 2)), [2, 3]);
    expectEqual(await evaluate(device, () => columnMean(device.tensor([1, 2, 3, 4], [2, 2]), 2, 2)), []);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => columnMean(device.zeros([4]), 0, 1))).toBe('columnMean: x is [4], expected [?, ?]');
    expect(shapeError(device, () => columnMean(device.zeros([2, 2], 'f16'), 0, 1))).toBe(
      'columnMean: x is f16, expected f32',
    );
    expect(shapeError(device, () => columnMean(device.zeros([2, 2]), 3, 1))).toBe('tensor: [-1] is not a shape');
  });
});
