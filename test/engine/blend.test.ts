import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, blend, scale } from '../../engine/index.ts';
import { blendOracle } from '../oracle/blend.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('blend', () => {
  it('equals its oracle for any shape, with b repeated over leading axes', async () => {
    const factor = fc.constantFrom(0, 1, -1, 0.6, 0.4, 3);
    await fc.assert(
      fc.asyncProperty(
        sides(4),
        lengths(60),
        lengths(130),
        sides(3),
        seeds,
        factor,
        factor,
        async (batch, rows, width, rank, seed, alpha, beta) => {
          const { device } = opened;
          const shape = [batch, rows, width];
          const bShape = shape.slice(3 - rank);
          const a = randomFloats(seed, batch * rows * width, -5, 5);
          const b = randomFloats(
            seed + 1,
            bShape.reduce((size, length) => size * length, 1),
            -5,
            5,
          );
          const actual = await evaluate(device, () =>
            blend(device.tensor(a, shape), alpha, device.tensor(b, bShape), beta),
          );
          // The factors, the two products and the sum are rounded once each.
          const magnitude = blendOracle(a.map(Math.abs), Math.abs(alpha), b.map(Math.abs), Math.abs(beta));
          expectClose({
            actual,
            expected: blendOracle(a, alpha, b, beta),
            tolerance: (i) => 3 * U * magnitude[i],
            shape,
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('numbers its elements right when they need more workgroups than one axis has', async () => {
    const { device } = opened;
    const a = randomFloats(1, 65_535 * 64 + 1);
    expectEqual(
      await evaluate(device, () => scale(device.tensor(a, [a.length]), -2)),
      a.map((value) => -2 * value),
    );
  });

  it('adds a scalar, a tensor to itself, and nothing to nothing', async () => {
    const { device } = opened;
    const [scalar, twice, none] = await evaluateAll(device, () => {
      const a = device.tensor([1, 2, 3], [3]);
      return [add(a, device.tensor([10], [])), add(a, a), add(device.empty([0, 3]), a)];
    });
    expectEqual(scalar, [11, 12, 13]);
    expectEqual(twice, [2, 4, 6]);
    expectEqual(none, []);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => add(device.zeros([2, 3]), device.zeros([2])))).toBe(
      'blend: [2] is not the end of [2, 3]',
    );
    expect(shapeError(device, () => add(device.zeros([3]), device.zeros([1, 3])))).toBe(
      'blend: [1, 3] is not the end of [3]',
    );
    expect(shapeError(device, () => add(device.zeros([3], 'u32'), device.zeros([3])))).toBe(
      'blend: a is u32, expected f32',
    );
    expect(shapeError(device, () => add(device.zeros([3]), device.zeros([3], 'f16')))).toBe(
      'blend: b is f16, expected f32',
    );
  });
});
