import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orthogonalizeColumns } from '../../engine/index.ts';
import { symmetricEigenvalues } from '../oracle/symmetricEigenvalues.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

const sizes = fc.record({
  batch: sides(2),
  heads: sides(3),
  rows: fc.oneof(sides(20), fc.constantFrom(63, 64, 65, 130)),
  width: fc.oneof(sides(12), fc.constantFrom(33, 64, 66)),
  seed: seeds,
});

/** Products of all pairs of columns of head h of x [rows, heads * width], which need not be contiguous. */
function columnProducts(
  x: ArrayLike<number>,
  rows: number,
  width: number,
  at: (row: number, column: number) => number,
): Float64Array {
  const products = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      for (let row = 0; row < rows; row++) products[i * width + j] += x[at(row, i)] * x[at(row, j)];
    }
  }
  return products;
}

describe('orthogonalizeColumns', () => {
  it('makes columns orthogonal and keeps the products of rows and the eigenvalues', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, heads, rows, width, seed }) => {
        const { device } = opened;
        const x = randomFloats(seed, batch * rows * heads * width, -1, 2);
        const [y, squares] = await evaluateAll(device, () => {
          const result = orthogonalizeColumns(device.tensor(x, [batch, rows, heads * width]), heads);
          return [result.y, result.squares];
        });
        for (let matrix = 0; matrix < batch * heads; matrix++) {
          const [b, h] = [Math.floor(matrix / heads), matrix % heads];
          const inX = (row: number, column: number) => (b * rows + row) * heads * width + h * width + column;
          const inY = (row: number, column: number) => (matrix * rows + row) * width + column;
          const expected = symmetricEigenvalues(columnProducts(x, rows, width, inX), width);
          const products = columnProducts(y, rows, width, inY);
          const total = expected.reduce((sum, value) => sum + value, 0);
          // A pair counts as orthogonal at 1e-6 of its lengths, as float32 sees them, or 1e-7 of the longer and the
          // matrix.
          const slack = 1e-6 + (rows + 4) * U;
          const lengths = Array.from({ length: width }, (_, i) => Math.sqrt(products[i * width + i]));
          for (let i = 0; i < width; i++) {
            for (let j = 0; j < i; j++) {
              const [short, long] = [lengths[i], lengths[j]].sort((a, b) => a - b);
              expect(Math.abs(products[i * width + j])).toBeLessThanOrEqual(
                slack * short * long + 1.1e-7 * long * Math.sqrt(total),
              );
            }
          }
          expect(lengths.filter((length) => length > 1e-6 * Math.sqrt(total)).length).toBeLessThanOrEqual(
            Math.min(rows, width),
          );
          // Each of some 10 sweeps turns every column width times; each turn is off by a few U, one way or the other.
          const turning = Math.sqrt(10 * width + rows) * 8 * U * total;
          const actual = squares
            .slice(matrix * width, (matrix + 1) * width)
            .sort()
            .reverse();
          expectClose({ actual, expected, tolerance: turning });
          for (let row = 0; row < rows; row += 5) {
            for (let other = 0; other <= row; other += 3) {
              let [before, after] = [0, 0];
              for (let c = 0; c < width; c++) {
                before += x[inX(row, c)] * x[inX(other, c)];
                after += y[inY(row, c)] * y[inY(other, c)];
              }
              expect(Math.abs(after - before)).toBeLessThanOrEqual(turning);
            }
          }
        }
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('finds small singular values beside large ones, which the product of columns would drown', async () => {
    const { device } = opened;
    // Two nearly parallel columns of length 1000 and one of length 0.01: singular values 1000 sqrt 2, 0.1, 0.01.
    const x = [1000, 1000, 0, 0, 0.1 * Math.SQRT2, 0, 0, 0, 0.01];
    const [squares] = await evaluateAll(device, () => [orthogonalizeColumns(device.tensor(x, [1, 3, 3]), 1).squares]);
    const actual = Float64Array.from(squares).sort().reverse();
    const expected = [2e6 + 0.01, 0.01, 1e-4];
    expectClose({ actual, expected, tolerance: (i) => 1e-3 * expected[i] });
  });

  it('leaves zeros, one column and no rows alone', async () => {
    const { device } = opened;
    const [zeros, column, none] = await evaluateAll(device, () => [
      orthogonalizeColumns(device.zeros([1, 5, 8]), 2).squares,
      orthogonalizeColumns(device.tensor([3, 4], [1, 2, 1]), 1).squares,
      orthogonalizeColumns(device.empty([1, 0, 8]), 2).y,
    ]);
    expectEqual(zeros, new Float32Array(8));
    expectEqual(column, [25]);
    expectEqual(none, []);
  });

  it('refuses heads that do not divide the columns', () => {
    const { device } = opened;
    expect(shapeError(device, () => orthogonalizeColumns(device.zeros([1, 4, 9]), 2))).toBe(
      'orthogonalizeColumns: 2 heads do not divide the last axis of [1, 4, 9]',
    );
    expect(shapeError(device, () => orthogonalizeColumns(device.zeros([4, 9]), 3))).toBe(
      'orthogonalizeColumns: x is [4, 9], expected [?, ?, ?]',
    );
  });
});
