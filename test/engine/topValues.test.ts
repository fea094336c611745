import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topValues } from '../../engine/index.ts';
import { topValuesOracle } from '../oracle/topValues.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomIntegers, seeds } from '../support/random.ts';

const opened = useDevice();

describe('topValues', () => {
  it('equals its oracle exactly, with many equal values', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths(100),
        lengths(100),
        fc.double({ min: 0, max: 1, noNaN: true }),
        seeds,
        async (rows, width, share, seed) => {
          const { device } = opened;
          const count = Math.max(1, Math.round(share * width));
          const x = Float32Array.from(randomIntegers(seed, rows * width, 12), (value) => value - 5);
          const [values, index] = await evaluateAll(device, () => {
            const top = topValues(device.tensor(x, [rows, width]), count);
            return [top.values, top.index];
          });
          const expected = topValuesOracle(x, width, count);
          expectEqual(index, expected.index, [rows, count]);
          expectEqual(values, expected.values, [rows, count]);
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('refuses more values than a row has', () => {
    const { device } = opened;
    expect(shapeError(device, () => topValues(device.zeros([2, 3]), 4))).toBe('topValues: 4 values of rows of [2, 3]');
    expect(shapeError(device, () => topValues(device.zeros([2, 3]), 0))).toBe('topValues: 0 values of rows of [2, 3]');
  });
});
