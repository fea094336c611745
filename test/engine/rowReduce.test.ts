import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RowReduction, rowReduce } from '../../engine/index.ts';
import { rowReduceOracle } from '../oracle/rowReduce.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluate, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();
const REDUCTIONS: readonly RowReduction[] = ['min', 'max', 'sum', 'mean'];

/** All reductions with both row kernels: REDUCTIONS for the first class of adapter, then for the second. */
async function reduceAll(x: Float32Array, shape: readonly number[]): Promise<ArrayLike<number>[]> {
  const { device } = opened;
  return evaluateAll(device, () => {
    const tensor = device.tensor(x, shape);
    return KERNEL_CLASSES.flatMap((adapterClass) =>
      REDUCTIONS.map((reduction) => asAdapterClass(device, adapterClass, () => rowReduce(tensor, reduction))),
    );
  });
}

/**
 * Minimum and maximum are exact; a sum of n terms is off by at most n U sum |x|, a mean by that and one division (5 U).
 */
async function expectReductions(x: Float32Array, rows: number, width: number): Promise<void> {
  const masses = rowReduceOracle(x.map(Math.abs), width, 'sum');
  (await reduceAll(x, [rows, width])).forEach((actual, i) => {
    const reduction = REDUCTIONS[i % REDUCTIONS.length];
    const bound = { min: 0, max: 0, sum: width * U, mean: ((width + 5) * U) / width }[reduction];
    expectClose({ actual, expected: rowReduceOracle(x, width, reduction), tolerance: (row) => bound * masses[row] });
  });
}

describe('rowReduce', () => {
  it('equals its oracle for any shape, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(lengths(150), lengths(800), seeds, async (rows, width, seed) => {
        await expectReductions(randomFloats(seed, rows * width, -1, 3), rows, width);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('works on rows of one sign, where an identity of 0 would win', async () => {
    await expectReductions(randomFloats(1, 3 * 5, -9, -1), 3, 5);
    await expectReductions(randomFloats(2, 3 * 5, 1, 9), 3, 5);
  });

  it('numbers its rows right when they need more workgroups than one axis has', async () => {
    const { device } = opened;
    const x = randomFloats(3, 65_537);
    expectEqual(
      await evaluate(device, () =>
        asAdapterClass(device, 'discrete', () => rowReduce(device.tensor(x, [65_537, 1]), 'sum')),
      ),
      x,
    );
    const long = randomFloats(4, 65_536 * 64);
    expectEqual(
      await evaluate(device, () =>
        asAdapterClass(device, 'software', () => rowReduce(device.tensor(long, [65_536 * 64, 1]), 'max')),
      ),
      long,
    );
  });

  it('keeps leading axes, and makes a vector of one element of a vector', async () => {
    const { device } = opened;
    device.scope(() => {
      expect(rowReduce(device.zeros([2, 3, 4]), 'sum').shape).toEqual([2, 3]);
      expect(rowReduce(device.zeros([4]), 'sum').shape).toEqual([1]);
      expect(rowReduce(device.zeros([0, 4]), 'sum').shape).toEqual([0]);
    });
    for (const actual of await reduceAll(new Float32Array(0), [0, 4])) expect(actual).toHaveLength(0);
  });

  it('refuses an empty last axis and other dtypes', () => {
    const { device } = opened;
    expect(shapeError(device, () => rowReduce(device.zeros([3, 0]), 'max'))).toBe(
      'rowReduce: x is [3, 0], expected at least one column',
    );
    expect(shapeError(device, () => rowReduce(device.zeros([3], 'u32'), 'max'))).toBe(
      'rowReduce: x is u32, expected f32',
    );
  });
});
