import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisKernels, resizeBicubicPillow } from '../../clip/image/resizeBicubicPillow.ts';
import { resizeLevels } from '../../engine/index.ts';
import { resizeLevelsOracle } from '../oracle/resizeLevels.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomIntegers, seeds, sides } from '../support/random.ts';

const opened = useDevice();

const sizes = fc.record({ outer: sides(4), length: sides(70), target: sides(70), inner: sides(9), seed: seeds });

describe('resizeLevels', () => {
  it('equals its oracle exactly, along any axis', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ outer, length, target, inner, seed }) => {
        const { device } = opened;
        // Only black and white, so that the filter overshoots both ends.
        const x = Float32Array.from(randomIntegers(seed, outer * length * inner, 2), (bit) => 255 * bit);
        const table = axisKernels(length, target);
        const actual = await evaluate(device, () => resizeLevels(device.tensor(x, [outer, length, inner]), 1, table));
        expectEqual(actual, resizeLevelsOracle(x, length, inner, table), [outer, target, inner]);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('is a pass of the resize on the host, bit for bit', async () => {
    const { device } = opened;
    const [height, width] = [37, 53];
    const data = Uint8Array.from(randomIntegers(1, height * width * 3, 256));
    const expected = resizeBicubicPillow({ width, height, data }, 37, 37);
    const actual = await evaluate(device, () =>
      resizeLevels(device.tensor(data, [height, width, 3]), 1, axisKernels(width, 37)),
    );
    expectEqual(actual, expected.data, [37, 37, 3]);
  });

  it('refuses an axis that is not there, and weights that reach beyond it', () => {
    const { device } = opened;
    const table = axisKernels(8, 4);
    expect(shapeError(device, () => resizeLevels(device.zeros([8]), 1, table))).toBe('resizeLevels: [8] has no axis 1');
    expect(shapeError(device, () => resizeLevels(device.zeros([4]), 0, table))).toBe(
      'resizeLevels: sample 0 needs inputs 0..5 of an axis of 4',
    );
  });
});
