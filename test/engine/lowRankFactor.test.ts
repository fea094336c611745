import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowRankFactor } from '../../engine/index.ts';
import { lowRankFactorOracle } from '../oracle/lowRankFactor.ts';
import { topValuesOracle } from '../oracle/topValues.ts';
import { expectClose, expectEqual, TINY, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, randomIntegers, seeds, sides } from '../support/random.ts';

const opened = useDevice();

const sizes = fc.record({
  batch: sides(3),
  heads: sides(5),
  rows: sides(40),
  width: sides(20),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  stretch: fc.boolean(),
  seed: seeds,
});

describe('lowRankFactor', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, heads, rows, width, share, stretch, seed }) => {
        const { device } = opened;
        const rank = Math.max(1, Math.round(share * width));
        const y = randomFloats(seed, batch * heads * rows * width, -3, 3);
        const top = topValuesOracle(randomFloats(seed + 1, batch * heads * width, 0, 50), width, rank);
        const head = randomIntegers(seed + 2, batch * heads, heads);
        const actual = await evaluate(device, () =>
          lowRankFactor(
            device.tensor(y, [batch, heads, rows, width]),
            {
              values: device.tensor(top.values, [batch, heads, rank]),
              index: device.tensor(top.index, [batch, heads, rank], 'u32'),
            },
            device.tensor(head, [batch, heads], 'u32'),
            { stretch },
          ),
        );
        const expected = lowRankFactorOracle(
          y,
          top.values,
          top.index,
          head,
          { batch, heads, rows, width, rank },
          stretch,
        );
        // No two terms of f cancel, so each of about ten operations (division and root: 5 U) counts relative to the
        // result.
        expectClose({
          actual,
          expected,
          tolerance: (i) => 30 * U * Math.abs(expected[i]) + TINY,
          shape: [batch, heads, rows, rank],
        });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('gives nothing for an eigenvalue of 0, and keeps equal ones', async () => {
    const { device } = opened;
    const factor = (values: number[], stretch: boolean) =>
      evaluate(device, () => {
        const top = { values: device.tensor(values, [1, 1, 2]), index: device.tensor([1, 0], [1, 1, 2], 'u32') };
        return lowRankFactor(device.tensor([1, 2, 3, 4], [1, 1, 2, 2]), top, device.tensor([0], [1, 1], 'u32'), {
          stretch,
        });
      });
    expectEqual(await factor([4, 0], false), [2, 0, 4, 0]);
    expectEqual(await factor([4, 4], true), [2, 1, 4, 3]);
    expectEqual(await factor([0, 0], true), [0, 0, 0, 0]);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const run = (values: number[], index: number[], head: number[]) =>
      shapeError(device, () =>
        lowRankFactor(
          device.zeros([1, 2, 3, 4]),
          { values: device.zeros(values), index: device.zeros(index, 'u32') },
          device.zeros(head, 'u32'),
        ),
      );
    expect(run([1, 3, 2], [1, 3, 2], [1, 2])).toBe('lowRankFactor: values is [1, 3, 2], expected [1, 2, ?]');
    expect(run([1, 2, 2], [1, 2, 3], [1, 2])).toBe('lowRankFactor: index is [1, 2, 3], expected [1, 2, 2]');
    expect(run([1, 2, 2], [1, 2, 2], [2, 1])).toBe('lowRankFactor: head is [2, 1], expected [1, 2]');
  });
});
