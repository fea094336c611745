import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spectrumDistance } from '../../engine/index.ts';
import { spectrumDistanceOracle } from '../oracle/spectrumDistance.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('spectrumDistance', () => {
  it('equals its oracle for any number of heads', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(13),
        sides(13),
        lengths(70),
        seeds,
        async (batch, headsP, headsQ, count, seed) => {
          const { device } = opened;
          const p = randomFloats(seed, batch * headsP * count, 0, 100);
          const q = randomFloats(seed + 1, batch * headsQ * count, 0, 1);
          const actual = await evaluate(device, () =>
            spectrumDistance(device.tensor(p, [batch, headsP, count]), device.tensor(q, [batch, headsQ, count])),
          );
          const expected = Array.from({ length: batch }, (_, b) =>
            Array.from(
              spectrumDistanceOracle(
                p.subarray(b * headsP * count, (b + 1) * headsP * count),
                q.subarray(b * headsQ * count, (b + 1) * headsQ * count),
                count,
              ),
            ),
          ).flat();
          // Sums and shares of both, each off by count + 5 roundings of 1, and count additions of a result up to 2.
          expectClose({ actual, expected, tolerance: (4 * count + 10) * U, shape: [batch, headsP, headsQ] });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('is 0 for equal shapes, 2 for disjoint ones, 1 from nothing', async () => {
    const { device } = opened;
    const p = [1, 3, 0, 0, 0, 0, 2, 0];
    expectEqual(
      await evaluate(device, () =>
        spectrumDistance(device.tensor(p, [1, 2, 4]), device.tensor([2, 6, 0, 0, 0, 0, 0, 0], [1, 2, 4])),
      ),
      [0, 1, 2, 1],
    );
    expect(shapeError(device, () => spectrumDistance(device.zeros([1, 2, 4]), device.zeros([1, 2, 5])))).toBe(
      'spectrumDistance: q is [1, 2, 5], expected [1, ?, 4]',
    );
  });
});
