import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherRows } from '../../engine/index.ts';
import { gatherRowsOracle } from '../oracle/gatherRows.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds } from '../support/random.ts';

const opened = useDevice();

describe('gatherRows', () => {
  it('equals its oracle for any table and index', async () => {
    await fc.assert(
      fc.asyncProperty(lengths(), lengths(130), lengths(), seeds, async (entries, width, count, seed) => {
        const { device } = opened;
        const table = randomFloats(seed, entries * width);
        const index = randomIntegers(seed + 1, count, entries);
        const actual = await evaluate(device, () =>
          gatherRows(device.tensor(table, [entries, width]), device.tensor(index, [count], 'u32')),
        );
        expectEqual(actual, gatherRowsOracle(table, width, index), [count, width]);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('keeps the axes of the index, and takes an empty one', async () => {
    const { device } = opened;
    device.scope(() => expect(gatherRows(device.zeros([3, 5]), device.zeros([2, 7], 'u32')).shape).toEqual([2, 7, 5]));
    expectEqual(await evaluate(device, () => gatherRows(device.zeros([3, 5]), device.zeros([0], 'u32'))), []);
    expectEqual(
      await evaluate(device, () => gatherRows(device.tensor([1, 2, 3, 4], [2, 2]), device.tensor([1], [], 'u32'))),
      [3, 4],
    );
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => gatherRows(device.zeros([3]), device.zeros([2], 'u32')))).toBe(
      'gatherRows: table is [3], expected [?, ?]',
    );
    expect(shapeError(device, () => gatherRows(device.zeros([3, 2]), device.zeros([2], 'i32')))).toBe(
      'gatherRows: index is i32, expected u32',
    );
    expect(shapeError(device, () => gatherRows(device.zeros([3, 2], 'f16'), device.zeros([2], 'u32')))).toBe(
      'gatherRows: table is f16, expected f32',
    );
  });
});
