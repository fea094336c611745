import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelShare } from '../../engine/index.ts';
import { channelShareOracle } from '../oracle/channelShare.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds } from '../support/random.ts';

const opened = useDevice();

async function bothKernels(
  x: Float32Array,
  rows: number,
  width: number,
  channels: ArrayLike<number>,
): Promise<ArrayLike<number>[]> {
  const { device } = opened;
  return evaluateAll(device, () => {
    const operands = [device.tensor(x, [rows, width]), device.tensor(channels, [channels.length], 'u32')] as const;
    return KERNEL_CLASSES.map((adapterClass) => asAdapterClass(device, adapterClass, () => channelShare(...operands)));
  });
}

/**
 * The minimum is exact and each difference has an error of U, so the mass, a sum of n terms that are not negative, is
 * off by (n + 1) U relatively, and the share by that and a division (5 U).
 */
async function expectShares(x: Float32Array, rows: number, width: number, channels: ArrayLike<number>): Promise<void> {
  const expected = channelShareOracle(x, width, channels);
  const tolerance = (row: number) => (width + 8) * U * expected[row];
  for (const actual of await bothKernels(x, rows, width, channels)) expectClose({ actual, expected, tolerance });
}

describe('channelShare', () => {
  it('equals its oracle for any shape, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths(70),
        lengths(800),
        fc.integer({ min: 1, max: 9 }),
        seeds,
        async (rows, width, count, seed) => {
          await expectShares(
            randomFloats(seed, rows * width, -3, 5),
            rows,
            width,
            randomIntegers(seed + 1, count, width),
          );
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('is not disturbed by a minimum much larger than the spread', async () => {
    const x = randomFloats(1, 4 * 768).map((value) => 1000 + 0.01 * value);
    await expectShares(x, 4, 768, [4, 162, 189]);
  });

  it('gives 0 for constant rows, for no channels and for channels at the minimum', async () => {
    for (const actual of await bothKernels(Float32Array.of(7, 7, 7, -1, -1, -1), 2, 3, [0, 2]))
      expectEqual(actual, [0, 0]);
    for (const actual of await bothKernels(Float32Array.of(1, 2, 3), 1, 3, [])) expectEqual(actual, [0]);
    for (const actual of await bothKernels(Float32Array.of(1, 2, 3), 1, 3, [0])) expectEqual(actual, [0]);
    for (const actual of await bothKernels(Float32Array.of(1, 1, 3), 1, 3, [2, 0])) expectEqual(actual, [1]);
  });

  it('keeps leading axes', () => {
    const { device } = opened;
    device.scope(() => {
      const channels = device.zeros([1], 'u32');
      expect(channelShare(device.zeros([2, 5, 4]), channels).shape).toEqual([2, 5]);
      expect(channelShare(device.zeros([4]), channels).shape).toEqual([1]);
    });
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const x = () => device.zeros([2, 8]);
    expect(shapeError(device, () => channelShare(x(), device.zeros([2])))).toBe(
      'channelShare: channels is f32, expected u32',
    );
    expect(shapeError(device, () => channelShare(x(), device.zeros([1, 2], 'u32')))).toBe(
      'channelShare: channels is [1, 2], expected [?]',
    );
    expect(shapeError(device, () => channelShare(device.zeros([2, 8], 'f16'), device.zeros([2], 'u32')))).toBe(
      'channelShare: x is f16, expected f32',
    );
    expect(shapeError(device, () => channelShare(device.zeros([2, 0]), device.zeros([2], 'u32')))).toBe(
      'channelShare: x is [2, 0], expected at least one column',
    );
  });
});
