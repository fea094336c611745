import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redistributeColumns } from '../../engine/index.ts';
import { redistributeColumnsOracle } from '../oracle/redistributeColumns.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

/**
 * Two sums of at most n terms that are not negative, (1 - keep) of three roundings, a product, a quotient (5 U) and a
 * sum.
 */
async function expectRedistributed(
  x: Float32Array,
  mask: Float32Array,
  shape: readonly number[],
  keep: number,
  skip: number,
): Promise<void> {
  const { device } = opened;
  const [matrices, rows, columns] = shape;
  const actual = await evaluate(device, () =>
    redistributeColumns(device.tensor(x, shape), device.tensor(mask, [matrices, columns - skip]), keep, skip),
  );
  const expected = redistributeColumnsOracle(x, mask, rows, columns, keep, skip);
  expectClose({ actual, expected, tolerance: (i) => (2 * columns + 12) * U * expected[i], shape });
}

describe('redistributeColumns', () => {
  it('equals its oracle for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(4),
        lengths(70),
        lengths(200),
        fc.integer({ min: 0, max: 2 }),
        seeds,
        fc.constantFrom(0, 0.3, 0.6, 1),
        async (matrices, rows, columns, skip, seed, keep) => {
          fc.pre(skip <= columns);
          const mask = randomFloats(seed + 1, matrices * (columns - skip), 0, 1).map((value) => (value > 0.8 ? 1 : 0));
          await expectRedistributed(
            randomFloats(seed, matrices * rows * columns, 0, 1),
            mask,
            [matrices, rows, columns],
            keep,
            skip,
          );
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('keeps the sum of a row, unless every column is masked: then the freed weight is lost', async () => {
    const { device } = opened;
    const x = [1, 1, 1, 0.2, 0.2, 0.6, 0.2, 0.7, 0.1];
    const run = (mask: number[]) =>
      evaluate(device, () => redistributeColumns(device.tensor(x, [1, 3, 3]), device.tensor(mask, [1, 2]), 0.5, 1));
    expectClose({ actual: await run([0, 1]), expected: [1, 1, 1, 0.2, 0.5, 0.3, 0.2, 0.75, 0.05], tolerance: 1e-6 });
    expectClose({ actual: await run([1, 1]), expected: [1, 1, 1, 0.2, 0.1, 0.3, 0.2, 0.35, 0.05], tolerance: 1e-6 });
    expectEqual(await run([0, 0]), Float32Array.from(x));
  });

  it('does not divide by zero where the open columns have no weight', async () => {
    await expectRedistributed(Float32Array.of(0, 1, 0), Float32Array.of(0, 1, 0), [1, 1, 3], 0.6, 0);
    await expectRedistributed(new Float32Array(6), Float32Array.of(1, 0, 1), [1, 2, 3], 0.6, 0);
  });

  it.each(recordedCases('methods/unit/attn_refocusing'))(
    '%s equals the published code, sinks included',
    async (name) => {
      await expectRecorded(name, opened, { sink_score: 1e-6 });
    },
  );

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const x = () => device.zeros([2, 4, 5]);
    expect(shapeError(device, () => redistributeColumns(x(), device.zeros([2, 5]), 0.6, 1))).toBe(
      'redistributeColumns: mask is [2, 5], expected [2, 4]',
    );
    expect(shapeError(device, () => redistributeColumns(x(), device.zeros([4]), 0.6, 1))).toBe(
      'redistributeColumns: mask is [4], expected [2, 4]',
    );
    expect(shapeError(device, () => redistributeColumns(x(), device.zeros([2, 4], 'u32'), 0.6, 1))).toBe(
      'redistributeColumns: mask is u32, expected f32',
    );
    expect(shapeError(device, () => redistributeColumns(device.zeros([4]), device.zeros([4]), 0.6, 0))).toBe(
      'redistributeColumns: x is [4], expected [?, ?]',
    );
    expect(shapeError(device, () => redistributeColumns(device.zeros([2, 2], 'f16'), device.zeros([2]), 0.6, 0))).toBe(
      'redistributeColumns: x is f16, expected f32',
    );
    device.scope(() =>
      expect(redistributeColumns(device.zeros([0, 4, 5]), device.zeros([0, 4]), 0.6, 1).shape).toEqual([0, 4, 5]),
    );
  });
});
