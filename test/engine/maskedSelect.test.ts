import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskedSelect } from '../../engine/index.ts';
import { maskedSelectOracle } from '../oracle/maskedSelect.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('maskedSelect', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(sides(3), lengths(90), lengths(200), seeds, async (batch, rows, width, seed) => {
        const { device } = opened;
        const shape = [batch, rows, width];
        const [a, b] = [randomFloats(seed, batch * rows * width), randomFloats(seed + 1, batch * rows * width)];
        // Any number but 0 selects a, negative ones too.
        const mask = Float32Array.from(randomIntegers(seed + 2, batch * rows, 3), (value) => value - 1);
        const actual = await evaluate(device, () =>
          maskedSelect(device.tensor(mask, [batch, rows]), device.tensor(a, shape), device.tensor(b, shape)),
        );
        expectEqual(actual, maskedSelectOracle(mask, a, b, width), shape);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes no rows', async () => {
    const { device } = opened;
    expectEqual(
      await evaluate(device, () => maskedSelect(device.zeros([0]), device.zeros([0, 3]), device.zeros([0, 3]))),
      [],
    );
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const x = () => device.zeros([2, 3]);
    expect(shapeError(device, () => maskedSelect(device.zeros([3]), x(), x()))).toBe(
      'maskedSelect: mask is [3], expected [2]',
    );
    expect(shapeError(device, () => maskedSelect(device.zeros([2]), x(), device.zeros([2, 4])))).toBe(
      'maskedSelect: b is [2, 4], expected [2, 3]',
    );
    expect(shapeError(device, () => maskedSelect(device.zeros([2], 'u32'), x(), x()))).toBe(
      'maskedSelect: mask is u32, expected f32',
    );
    expect(shapeError(device, () => maskedSelect(device.zeros([2]), device.zeros([2, 3], 'f16'), x()))).toBe(
      'maskedSelect: a is f16, expected f32',
    );
    expect(shapeError(device, () => maskedSelect(device.zeros([2]), x(), device.zeros([2, 3], 'i32')))).toBe(
      'maskedSelect: b is i32, expected f32',
    );
    expect(shapeError(device, () => maskedSelect(device.zeros([]), device.zeros([]), x()))).toBe(
      'maskedSelect: a is [], expected at least one column',
    );
  });
});
