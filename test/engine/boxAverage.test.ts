import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxAverage } from '../../engine/index.ts';
import { boxAverageOracle } from '../oracle/boxAverage.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('boxAverage', () => {
  it('equals its oracle for any grid', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(),
        sides(),
        lengths(130),
        fc.integer({ min: 0, max: 2 }),
        seeds,
        async (batch, gridHeight, gridWidth, width, skip, seed) => {
          const { device } = opened;
          const shape = [batch, skip + gridHeight * gridWidth, width];
          const x = randomFloats(seed, shape[0] * shape[1] * width, -2, 3);
          const actual = await evaluate(device, () => boxAverage(device.tensor(x, shape), gridHeight, gridWidth, skip));
          // Nine terms of at most 3, then a division (5 U).
          expectClose({
            actual,
            expected: boxAverageOracle(x, width, gridHeight, gridWidth, skip),
            tolerance: 14 * U * 3,
            shape,
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('divides by 9 at borders too, and copies the rows before the grid', async () => {
    const { device } = opened;
    const [single, square] = await evaluateAll(device, () => [
      boxAverage(device.tensor([7, 18], [1, 2, 1]), 1, 1, 1),
      boxAverage(device.tensor(new Float32Array(9).fill(9), [1, 9, 1]), 3, 3),
    ]);
    expectEqual(single, [7, 2]);
    expectEqual(square, [4, 6, 4, 6, 9, 6, 4, 6, 4]);
  });

  it('refuses operands that do not fit, and makes nothing of nothing', () => {
    const { device } = opened;
    expect(shapeError(device, () => boxAverage(device.zeros([1, 10, 4]), 3, 3))).toBe(
      'boxAverage: x is [1, 10, 4], expected [?, 9, ?]',
    );
    expect(shapeError(device, () => boxAverage(device.zeros([9, 4]), 3, 3))).toBe(
      'boxAverage: x is [9, 4], expected [?, 9, ?]',
    );
    expect(shapeError(device, () => boxAverage(device.zeros([1, 9, 4], 'f16'), 3, 3))).toBe(
      'boxAverage: x is f16, expected f32',
    );
    device.scope(() => expect(boxAverage(device.zeros([0, 9, 4]), 3, 3).shape).toEqual([0, 9, 4]));
  });
});

describe('the denoising of distraction tokens, made of five ops', () => {
  it.each(recordedCases('methods/unit/feat_denoising'))('%s equals the published code', async (name) => {
    await expectRecorded(name, opened);
  });
});
