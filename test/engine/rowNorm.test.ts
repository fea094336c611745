import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowNorm } from '../../engine/index.ts';
import { rowNormOracle } from '../oracle/rowNorm.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('rowNorm', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(sides(4), lengths(), lengths(), seeds, async (batch, rows, width, seed) => {
        const { device } = opened;
        const x = randomFloats(seed, batch * rows * width, -3, 3);
        const expected = rowNormOracle(x, width);
        // width squares and sums are rounded, the root halves that; the root itself is off by a few ulp.
        const tolerance = (i: number) => (width / 2 + 8) * U * expected[i];
        expectClose({
          actual: await evaluate(device, () => rowNorm(device.tensor(x, [batch, rows, width]))),
          expected,
          tolerance,
          shape: [batch, rows],
        });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes a vector and zeros, and refuses what has no row', async () => {
    const { device } = opened;
    expectEqual(await evaluate(device, () => rowNorm(device.tensor([3, 4], [2]))), [5]);
    expectEqual(await evaluate(device, () => rowNorm(device.zeros([2, 3]))), [0, 0]);
    expect(shapeError(device, () => rowNorm(device.zeros([2, 0])))).toBe(
      'rowNorm: x is [2, 0], expected at least one column',
    );
    expect(shapeError(device, () => rowNorm(device.zeros([2], 'u32')))).toBe('rowNorm: x is u32, expected f32');
  });
});
