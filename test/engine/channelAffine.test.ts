import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelAffine } from '../../engine/index.ts';
import { channelAffineOracle } from '../oracle/channelAffine.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

const sizes = fc.record({ batch: sides(3), channels: sides(4), height: sides(20), width: sides(20), seed: seeds });

describe('channelAffine', () => {
  it('equals its oracle for any shape, and cuts to levels', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, channels, height, width, seed }) => {
        const { device } = opened;
        const shape = [batch, channels, height, width];
        const x = randomFloats(seed, batch * channels * height * width, -4, 4);
        const factor = Array.from(randomFloats(seed + 1, channels, -90, 90));
        const offset = Array.from(randomFloats(seed + 2, channels, -200, 200));
        const expected = channelAffineOracle(x, height * width, factor, offset);
        // The product is at most 360 and rounded once, so is the sum.
        const rounding = 2 * U * 560;
        expectClose({
          actual: await evaluate(device, () => channelAffine(device.tensor(x, shape), factor, offset)),
          expected,
          tolerance: rounding,
          shape,
        });
        const levels = await evaluate(device, () =>
          channelAffine(device.tensor(x, shape), factor, offset, { levels: true }),
        );
        const nearStep = (i: number) => Math.abs(expected[i] - Math.round(expected[i])) <= rounding;
        const cut = expected.map((value) => Math.min(255, Math.max(0, Math.floor(value))));
        expectClose({ actual: levels, expected: cut, tolerance: (i) => (nearStep(i) ? 1 : 0), shape });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes no image, and refuses operands that do not fit', async () => {
    const { device } = opened;
    expectEqual(await evaluate(device, () => channelAffine(device.empty([0, 1, 2, 2]), [1], [0])), []);
    expect(shapeError(device, () => channelAffine(device.zeros([1, 3, 2, 2]), [1, 2], [1, 2, 3]))).toBe(
      'channelAffine: factor is [2], expected [3]',
    );
    expect(shapeError(device, () => channelAffine(device.zeros([3, 2, 2]), [1], [0]))).toBe(
      'channelAffine: x is [3, 2, 2], expected [?, ?, ?, ?]',
    );
  });
});
