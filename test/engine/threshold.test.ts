import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greaterThan, zeroBelow } from '../../engine/index.ts';
import { greaterThanOracle, zeroBelowOracle } from '../oracle/threshold.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

async function expectThresholds(x: Float32Array, shape: readonly number[], limit: number): Promise<void> {
  const { device } = opened;
  const [kept, mask] = await evaluateAll(device, () => {
    const tensor = device.tensor(x, shape);
    return [zeroBelow(tensor, limit), greaterThan(tensor, limit)];
  });
  expectEqual(kept, zeroBelowOracle(x, Math.fround(limit)), shape);
  expectEqual(mask, greaterThanOracle(x, Math.fround(limit)), shape);
}

describe('zeroBelow and greaterThan', () => {
  it('equal their oracles exactly for any shape, with the limit rounded to float32', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths(60),
        lengths(130),
        seeds,
        fc.constantFrom(0, 0.4, -0.1, 5),
        async (rows, width, seed, limit) => {
          await expectThresholds(randomFloats(seed, rows * width), [rows, width], limit);
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('keep what equals the limit, and do not count it as above', async () => {
    const { device } = opened;
    const limit = Math.fround(0.4);
    await expectThresholds(Float32Array.of(limit, limit * (1 + 2 ** -23), limit * (1 - 2 ** -23), -limit), [4], limit);
    const [kept, mask] = await evaluateAll(device, () => [
      zeroBelow(device.tensor([0.4], [1]), 0.4),
      greaterThan(device.tensor([0.4], [1]), 0.4),
    ]);
    expectEqual(kept, [limit]);
    expectEqual(mask, [0]);
  });

  it('take no elements, and refuse other dtypes', async () => {
    await expectThresholds(new Float32Array(0), [0, 4], 1);
    const { device } = opened;
    expect(shapeError(device, () => zeroBelow(device.zeros([2], 'u32'), 0))).toBe('threshold: x is u32, expected f32');
    expect(shapeError(device, () => greaterThan(device.zeros([2], 'f16'), 0))).toBe(
      'threshold: x is f16, expected f32',
    );
  });
});
