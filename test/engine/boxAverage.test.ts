import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blend, boxAverage, channelShare, greaterThan, maskedSelect } from '../../engine/index.ts';
import { boxAverageOracle } from '../oracle/boxAverage.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { opsCases, opsTensor } from '../support/opsFixture.ts';
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
  it.each(opsCases('unit/feat_denoising'))(
    '$name equals the published code',
    async ({ parameters, inputs, outputs, tolerance }) => {
      const { device } = opened;
      const {
        shape: [tokens, width],
        data,
      } = opsTensor(inputs.x);
      const [gridHeight, gridWidth] = parameters.grid as [number, number];
      const [mask, denoised] = await evaluateAll(device, () => {
        const x = device.tensor(data, [1, tokens, width]);
        const channels = device.tensor(parameters.sink_channels, [parameters.sink_channels.length], 'u32');
        const distracted = greaterThan(channelShare(x, channels), parameters.sigma / width);
        const replacement = maskedSelect(distracted, boxAverage(x, gridHeight, gridWidth, 1), x);
        return [distracted, blend(x, 1 - parameters.alpha, replacement, parameters.alpha)];
      });
      expectEqual(mask.subarray(1), opsTensor(outputs.mask).data);
      const expected = opsTensor(outputs.out).data;
      // CLS is no patch: the published code leaves it alone.
      expectClose({
        actual: denoised.subarray(width),
        expected: expected.subarray(width),
        tolerance: tolerance.out.recommended_abs,
        shape: [tokens - 1, width],
      });
    },
  );
});
