import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterCells } from '../../engine/index.ts';
import { filterCellsOracle } from '../oracle/filterCells.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('filterCells', () => {
  it.each(['mean', 'lowPass', 'median'] as const)('%s equals its oracle for any grid and mask', async (filter) => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(9),
        sides(9),
        lengths(70),
        fc.integer({ min: 0, max: 2 }),
        seeds,
        async (batch, height, width, channels, skip, seed) => {
          const { device } = opened;
          const shape = [batch, skip + height * width, channels];
          const x = randomFloats(seed, shape[0] * shape[1] * shape[2], -100, 100);
          const mask = randomFloats(seed + 1, batch * height * width, 0, 1).map((value) => (value < 0.5 ? 1 : 0));
          const actual = await evaluate(device, () =>
            filterCells(
              device.tensor(x, shape),
              device.tensor(mask, [batch, height * width]),
              height,
              width,
              filter,
              skip,
            ),
          );
          // Sums of at most 9 products, of weight 16 and magnitude 100 in all, divided by that weight; a median rounds
          // once.
          expectClose({
            actual,
            expected: filterCellsOracle(x, mask, { height, width }, channels, filter, skip),
            tolerance: 16 * U * 100,
            shape,
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('leaves a lone cell and a constant grid as they are', async () => {
    const { device } = opened;
    for (const filter of ['mean', 'lowPass', 'median'] as const) {
      expectEqual(
        await evaluate(device, () =>
          filterCells(device.tensor([5, 7], [1, 1, 2]), device.tensor([1], [1, 1]), 1, 1, filter),
        ),
        Float32Array.of(5, 7),
      );
      expectClose({
        actual: await evaluate(device, () =>
          filterCells(
            device.tensor(new Float32Array(12).fill(3), [1, 12, 1]),
            device.tensor(new Float32Array(12).fill(1), [1, 12]),
            3,
            4,
            filter,
          ),
        ),
        expected: new Float32Array(12).fill(3),
        tolerance: 2 * U * 3,
      });
    }
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => filterCells(device.zeros([1, 4, 3]), device.zeros([1, 4]), 2, 2, 'mean', 1))).toBe(
      'filterCells: x is [1, 4, 3], expected [?, 5, ?]',
    );
    expect(shapeError(device, () => filterCells(device.zeros([1, 4, 3]), device.zeros([1, 5]), 2, 2, 'mean'))).toBe(
      'filterCells: mask is [1, 5], expected [1, 4]',
    );
  });
});
