import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prependRow } from '../../engine/index.ts';
import { prependRowOracle } from '../oracle/prependRow.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('prependRow', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(sides(4), fc.nat(90), lengths(130), seeds, async (batch, rows, width, seed) => {
        const { device } = opened;
        const [x, row] = [randomFloats(seed, batch * rows * width), randomFloats(seed + 1, width)];
        const actual = await evaluate(device, () =>
          prependRow(device.tensor(x, [batch, rows, width]), device.tensor(row, [width])),
        );
        expectEqual(actual, prependRowOracle(x, row, batch), [batch, rows + 1, width]);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes an empty batch and rows of no width', async () => {
    const { device } = opened;
    expectEqual(await evaluate(device, () => prependRow(device.zeros([0, 2, 3]), device.zeros([3]))), []);
    expectEqual(await evaluate(device, () => prependRow(device.zeros([2, 2, 0]), device.zeros([0]))), []);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => prependRow(device.zeros([2, 3]), device.zeros([3])))).toBe(
      'prependRow: x is [2, 3], expected [?, ?, ?]',
    );
    expect(shapeError(device, () => prependRow(device.zeros([1, 2, 3]), device.zeros([1, 3])))).toBe(
      'prependRow: row is [1, 3], expected [3]',
    );
    expect(shapeError(device, () => prependRow(device.zeros([1, 2, 3]), device.zeros([3], 'f16')))).toBe(
      'prependRow: row is f16, expected f32',
    );
    expect(shapeError(device, () => prependRow(device.zeros([1, 2, 3], 'u32'), device.zeros([3])))).toBe(
      'prependRow: x is u32, expected f32',
    );
  });
});
