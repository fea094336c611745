import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cropWindows } from '../../engine/index.ts';
import { cropWindowsOracle } from '../oracle/cropWindows.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds } from '../support/random.ts';

const opened = useDevice();

describe('cropWindows', () => {
  it('equals its oracle for any images, windows and part of them', async () => {
    const { device } = opened;
    const sides = fc.tuple(lengths(), lengths(), fc.nat(20), fc.nat(20));
    const few = (max: number) => fc.integer({ min: 1, max });
    const counts = fc.tuple(few(2), few(4), few(5), fc.nat(4));
    await fc.assert(
      fc.asyncProperty(sides, counts, seeds, async ([height, width, down, right], [B, C, windows, skipped], seed) => {
        const [H, W] = [height + down, width + right];
        const images = randomFloats(seed, B * C * H * W);
        const tops = randomIntegers(seed + 1, windows, down + 1);
        const lefts = randomIntegers(seed + 2, windows, right + 1);
        const corners = Array.from({ length: windows }, (_, w) => [tops[w], lefts[w]] as const);
        const first = skipped % windows;
        const actual = await evaluate(device, () =>
          cropWindows(device.tensor(images, [B, C, H, W]), device.tensor(corners.flat(), [windows, 2], 'u32'), {
            first,
            height,
            width,
          }),
        );
        const expected = new Float64Array(actual.length);
        for (let b = 0; b < B; b++) {
          const image = images.subarray(b * C * H * W, (b + 1) * C * H * W);
          const cut = cropWindowsOracle(image, [C, H, W], corners.slice(first), height, width);
          expected.set(cut, b * cut.length);
        }
        expectEqual(actual, expected, [B * (windows - first), C, height, width]);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('refuses windows that do not fit', () => {
    const { device } = opened;
    const crop = (first: number, height: number) => () =>
      cropWindows(device.zeros([1, 3, 4, 5]), device.zeros([2, 2], 'u32'), { first, count: 2, height, width: 5 });
    expect(shapeError(device, crop(1, 4))).toBe(
      'cropWindows: windows 1..3 of 4 x 5 do not fit 2 corners and [1, 3, 4, 5]',
    );
    expect(shapeError(device, crop(0, 6))).toBe(
      'cropWindows: windows 0..2 of 6 x 5 do not fit 2 corners and [1, 3, 4, 5]',
    );
  });
});
