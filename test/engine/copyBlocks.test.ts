import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyBlocks } from '../../engine/index.ts';
import { copyBlocksOracle } from '../oracle/copyBlocks.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

describe('copyBlocks', () => {
  it('equals its oracle for blocks apart, side by side and overlapping', async () => {
    const { device } = opened;
    const sizes = fc.tuple(lengths(), lengths(130), lengths(), fc.nat(200), seeds);
    await fc.assert(
      fc.asyncProperty(sizes, async ([count, length, offset, stride, seed]) => {
        const x = randomFloats(seed, offset + count * stride + length);
        const blocks = { count, length, offset, stride };
        const actual = await evaluate(device, () => copyBlocks(device.tensor(x, [x.length]), blocks));
        expectEqual(actual, copyBlocksOracle(x, blocks), [count, length]);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('copies integers bit by bit, and nothing', async () => {
    const { device } = opened;
    const integers = await evaluate(device, () =>
      copyBlocks(device.tensor([1, 2 ** 32 - 1, 3, 4], [2, 2], 'u32'), { count: 2, length: 1, offset: 1, stride: 2 }),
    );
    expectEqual(integers, [2 ** 32 - 1, 4]);
    const none = { count: 0, length: 3, offset: 0, stride: 3 };
    expectEqual(await evaluate(device, () => copyBlocks(device.zeros([2]), none)), []);
  });

  it('refuses blocks outside of the tensor', () => {
    const { device } = opened;
    const blocks = { count: 2, length: 3, offset: 1, stride: 3 };
    expect(shapeError(device, () => copyBlocks(device.zeros([2, 3]), blocks))).toBe(
      'copyBlocks: 2 blocks of 3 at 1 and every 3 are outside [2, 3]',
    );
    expect(shapeError(device, () => copyBlocks(device.zeros([9], 'f16'), blocks))).toBe(
      'copyBlocks: x is f16, expected elements of 4 bytes',
    );
  });
});
