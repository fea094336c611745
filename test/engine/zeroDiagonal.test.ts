import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zeroDiagonal } from '../../engine/index.ts';
import { zeroDiagonalOracle } from '../oracle/zeroDiagonal.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('zeroDiagonal', () => {
  it('equals its oracle exactly', async () => {
    await fc.assert(
      fc.asyncProperty(sides(3), lengths(130), seeds, async (matrices, n, seed) => {
        const { device } = opened;
        const x = randomFloats(seed, matrices * n * n);
        expectEqual(
          await evaluate(device, () => zeroDiagonal(device.tensor(x, [matrices, n, n]))),
          zeroDiagonalOracle(x, n),
          [matrices, n, n],
        );
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes a matrix alone and none, and refuses others', async () => {
    const { device } = opened;
    expectEqual(await evaluate(device, () => zeroDiagonal(device.tensor([1, 2, 3, 4], [2, 2]))), [0, 2, 3, 0]);
    expectEqual(await evaluate(device, () => zeroDiagonal(device.empty([0, 2, 2]))), []);
    expect(shapeError(device, () => zeroDiagonal(device.zeros([2, 3])))).toBe(
      'zeroDiagonal: x is [2, 3], expected [3, 3]',
    );
    expect(shapeError(device, () => zeroDiagonal(device.zeros([3])))).toBe('zeroDiagonal: x is [3], expected [?, ?]');
  });
});
