import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignColumns } from '../../engine/index.ts';
import { bestAssignmentSum } from '../oracle/assignColumns.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, randomIntegers, seeds, sides } from '../support/random.ts';

const opened = useDevice();

async function assign(x: ArrayLike<number>, batch: number, n: number): Promise<{ column: number[]; score: number[] }> {
  const { device } = opened;
  const [column, score] = await evaluateAll(device, () => {
    const result = assignColumns(device.tensor(x, [batch, n, n]));
    return [result.column, result.score];
  });
  return { column: Array.from(column), score: Array.from(score) };
}

/** Every row has a column of its own and the score that stands there; returns the sums of the scores. */
function sumsOf(x: ArrayLike<number>, n: number, { column, score }: { column: number[]; score: number[] }): number[] {
  return Array.from({ length: column.length / n }, (_, b) => {
    const columns = column.slice(b * n, (b + 1) * n);
    expect([...columns].sort((i, j) => i - j)).toEqual(columns.map((_, i) => i));
    expectEqual(
      score.slice(b * n, (b + 1) * n),
      columns.map((c, row) => x[(b * n + row) * n + c]),
    );
    return score.slice(b * n, (b + 1) * n).reduce((sum, value) => sum + value, 0);
  });
}

describe('assignColumns', () => {
  it('finds the largest sum there is, as trying everything does', async () => {
    await fc.assert(
      fc.asyncProperty(sides(4), sides(12), fc.boolean(), seeds, async (batch, n, ties, seed) => {
        const x = ties
          ? Float32Array.from(randomIntegers(seed, batch * n * n, 4))
          : randomFloats(seed, batch * n * n, -2, 2);
        const sums = sumsOf(x, n, await assign(x, batch, n));
        sums.forEach((sum, b) => {
          const best = bestAssignmentSum(x.subarray(b * n * n, (b + 1) * n * n), n);
          expect(Math.abs(sum - best)).toBeLessThanOrEqual(n * 1e-6 * 4);
        });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('gives back a hidden permutation of 32 rows, in each of 100 batches', async () => {
    const n = 32;
    const x = randomFloats(7, 100 * n * n, 0, 0.5);
    const hidden = Array.from({ length: 100 * n }, (_, i) => (7 * (i % n) + Math.floor(i / n)) % n);
    hidden.forEach((column, i) => (x[i * n + column] = 1));
    expect((await assign(x, 100, n)).column).toEqual(hidden);
  });

  it('takes none and one, and refuses other matrices', async () => {
    const { device } = opened;
    expect(await assign([], 0, 3)).toEqual({ column: [], score: [] });
    expect(await assign([-5], 1, 1)).toEqual({ column: [0], score: [-5] });
    expect(shapeError(device, () => assignColumns(device.zeros([1, 2, 3])))).toBe(
      'assignColumns: x is [1, 2, 3], expected [?, ?, 2]',
    );
    expect(shapeError(device, () => assignColumns(device.zeros([1, 33, 33])))).toBe(
      'assignColumns: x is [1, 33, 33], expected at most 32 rows',
    );
  });
});
