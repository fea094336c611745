import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatColumns, sliceColumns } from '../../engine/index.ts';
import { concatColumnsOracle, sliceColumnsOracle } from '../oracle/columns.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

describe('concatColumns', () => {
  it('equals its oracle for any blocks and rows', async () => {
    const widths = fc.array(lengths(70), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        widths,
        lengths(90),
        fc.nat(9),
        fc.nat(9),
        seeds,
        async (blockWidths, rows, before, after, seed) => {
          const { device } = opened;
          const available = before + rows + after;
          const blocks = blockWidths.map((width, i) => ({ width, values: randomFloats(seed + i, available * width) }));
          const actual = await evaluate(device, () =>
            concatColumns(
              blocks.map(({ width, values }) => device.tensor(values, [available, width])),
              before,
              rows,
            ),
          );
          expectEqual(actual, concatColumnsOracle(blocks, before, rows));
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes blocks without columns and no rows', async () => {
    const { device } = opened;
    expectEqual(
      await evaluate(device, () => concatColumns([device.zeros([2, 0]), device.tensor([1, 2], [2, 1])], 0, 2)),
      [1, 2],
    );
    expectEqual(await evaluate(device, () => concatColumns([device.zeros([2, 0])], 0, 2)), []);
    expectEqual(await evaluate(device, () => concatColumns([device.zeros([2, 3])], 1, 0)), []);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => concatColumns([device.zeros([4, 1]), device.zeros([3, 1])], 1, 3))).toBe(
      'concatColumns: rows 1..4 of a block of 3',
    );
    expect(shapeError(device, () => concatColumns([device.zeros([4, 1])], -1, 3))).toBe(
      'concatColumns: rows -1..2 of a block of 4',
    );
    expect(shapeError(device, () => concatColumns([device.zeros([4])], 0, 3))).toBe(
      'concatColumns: block is [4], expected [?, ?]',
    );
    expect(shapeError(device, () => concatColumns([device.zeros([4, 1], 'u32')], 0, 3))).toBe(
      'concatColumns: block is u32, expected f32',
    );
    expect(shapeError(device, () => concatColumns([], 0, 3))).toBe('concatColumns: no blocks, expected at least one');
  });
});

describe('sliceColumns', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(lengths(90), lengths(200), fc.nat(), fc.nat(), seeds, async (rows, width, one, other, seed) => {
        const { device } = opened;
        const [begin, end] = [Math.min(one % width, other % width), Math.max(one % width, other % width) + 1];
        const x = randomFloats(seed, rows * width);
        expectEqual(
          await evaluate(device, () => sliceColumns(device.tensor(x, [rows, width]), begin, end)),
          sliceColumnsOracle(x, width, begin, end),
        );
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('keeps leading axes, and refuses operands that do not fit', () => {
    const { device } = opened;
    device.scope(() => {
      expect(sliceColumns(device.zeros([2, 3, 4]), 1, 4).shape).toEqual([2, 3, 3]);
      expect(sliceColumns(device.zeros([0, 4]), 1, 2).shape).toEqual([0, 1]);
    });
    expect(shapeError(device, () => sliceColumns(device.zeros([2, 4]), 2, 5))).toBe(
      'sliceColumns: 2..5 is outside the last axis of [2, 4]',
    );
    expect(shapeError(device, () => sliceColumns(device.zeros([2, 4]), 2, 2))).toBe(
      'sliceColumns: 2..2 is outside the last axis of [2, 4]',
    );
    expect(shapeError(device, () => sliceColumns(device.zeros([2, 4], 'f16'), 0, 1))).toBe(
      'sliceColumns: x is f16, expected f32',
    );
    expect(shapeError(device, () => sliceColumns(device.zeros([]), 0, 1))).toBe(
      'sliceColumns: x is [], expected at least one column',
    );
  });
});
