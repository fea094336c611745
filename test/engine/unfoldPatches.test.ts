import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unfoldPatches } from '../../engine/index.ts';
import { unfoldPatchesOracle } from '../oracle/unfoldPatches.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('unfoldPatches', () => {
  it('equals its oracle for any image, remainders at the right and bottom included', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(4),
        sides(40),
        sides(40),
        sides(16),
        seeds,
        async (batch, channels, height, width, patch, seed) => {
          fc.pre(patch <= Math.min(height, width));
          const { device } = opened;
          const shape = [batch, channels, height, width];
          const image = randomFloats(seed, batch * channels * height * width);
          expectEqual(
            await evaluate(device, () => unfoldPatches(device.tensor(image, shape), patch)),
            unfoldPatchesOracle(image, shape, patch),
          );
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('leaves an image of one-pixel patches and one channel as it is, and takes an empty batch', async () => {
    const { device } = opened;
    expectEqual(
      await evaluate(device, () => unfoldPatches(device.tensor([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]), 1)),
      [1, 2, 3, 4, 5, 6],
    );
    expectEqual(await evaluate(device, () => unfoldPatches(device.zeros([0, 3, 8, 8]), 4)), []);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => unfoldPatches(device.zeros([3, 8, 8]), 4))).toBe(
      'unfoldPatches: image is [3, 8, 8], expected [?, ?, ?, ?]',
    );
    expect(shapeError(device, () => unfoldPatches(device.zeros([1, 3, 8, 15]), 16))).toBe(
      'unfoldPatches: image [1, 3, 8, 15] is smaller than one patch of 16x16',
    );
    expect(shapeError(device, () => unfoldPatches(device.zeros([1, 3, 8, 8], 'f16'), 4))).toBe(
      'unfoldPatches: image is f16, expected f32',
    );
  });
});
