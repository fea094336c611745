import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matmul, matmulViews } from '../../engine/ops/matmul.ts';
import { columnBlocks, dropFirst, innerRange, type Matrices, matricesOf } from '../../engine/ops/matrixViews.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { evaluate, evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';

const gpu = useDevice();

const size = fc.integer({ min: 1, max: 5 });

/** Where the elements of a view lie in its tensor: [outer][inner][row][column]. */
function places(view: Matrices): number[][][][] {
  const count = (length: number) => Array.from({ length }, (_, i) => i);
  return count(view.outer).map((outer) =>
    count(view.inner).map((inner) =>
      count(view.rows).map((row) =>
        count(view.columns).map(
          (column) => view.offset + outer * view.outerStride + inner * view.innerStride + row * view.rowStride + column,
        ),
      ),
    ),
  );
}

/** A view of an uninitialised tensor, for what only looks at shapes. */
function viewOf(shape: number[], make: (x: Tensor) => Matrices): Matrices {
  const { device } = gpu;
  let view: Matrices | undefined;
  device.scope(() => {
    view = make(device.empty(shape));
  });
  return view!;
}

describe('views', () => {
  it('matricesOf: the last two axes are rows and columns, the others are the batch', () => {
    fc.assert(
      fc.property(size, size, size, size, (outer, inner, rows, columns) => {
        let next = 0;
        const expected = Array.from({ length: outer }, () =>
          Array.from({ length: inner }, () =>
            Array.from({ length: rows }, () => Array.from({ length: columns }, () => next++)),
          ),
        );
        expect(places(viewOf([outer, inner, rows, columns], matricesOf))).toEqual(expected);
        expect(places(viewOf([inner, rows, columns], matricesOf))).toEqual(expected.slice(0, 1));
        expect(places(viewOf([rows, columns], matricesOf))).toEqual([[expected[0][0]]]);
      }),
    );
  });

  it('columnBlocks: block i of a matrix are its columns from i * columns on', () => {
    fc.assert(
      fc.property(size, size, size, size, (outer, rows, count, columns) => {
        const whole = places(viewOf([outer, 1, rows, count * columns], matricesOf));
        expect(places(viewOf([outer, rows, count * columns], (x) => columnBlocks(x, count)))).toEqual(
          whole.map(([matrix]) =>
            Array.from({ length: count }, (_, i) => matrix.map((row) => row.slice(i * columns, (i + 1) * columns))),
          ),
        );
      }),
    );
  });

  it('innerRange and dropFirst: parts of the batch, and of every matrix', () => {
    const all = viewOf([2, 4, 3, 5], matricesOf);
    expect(places(innerRange(all, 1, 2))).toEqual(places(all).map((matrices) => matrices.slice(1, 3)));
    expect(places(dropFirst(all, 1))).toEqual(places(all).map((matrices) => matrices.map((rows) => rows.slice(1))));
    expect(places(dropFirst(all, 2, 3))).toEqual(
      places(all).map((matrices) => matrices.map((rows) => rows.slice(2).map((row) => row.slice(3)))),
    );
  });

  it('refuse tensors of another rank, and blocks that do not fill the columns', () => {
    const error = (shape: number[], make: (x: Tensor) => Matrices) =>
      shapeError(gpu.device, () => void make(gpu.device.empty(shape)));
    expect(error([7], matricesOf)).toBe('matricesOf: x is [7], expected 2 to 4 axes');
    expect(error([1, 1, 1, 2, 3], matricesOf)).toBe('matricesOf: x is [1, 1, 1, 2, 3], expected 2 to 4 axes');
    const blocks = (x: Tensor) => columnBlocks(x, 4);
    expect(error([2, 8], blocks)).toBe('columnBlocks: x is [2, 8], expected [outer, rows, 4 * columns]');
    expect(error([2, 3, 6], blocks)).toBe('columnBlocks: x is [2, 3, 6], expected [outer, rows, 4 * columns]');
  });
});

describe('matmulViews', () => {
  it('multiplies matrix by matrix as matmul does', async () => {
    const { device } = gpu;
    const [expected, actual] = await evaluateAll(device, () => {
      const a = device.tensor(randomFloats(1, 2 * 3 * 5 * 4), [2, 3, 5, 4]);
      const b = device.tensor(randomFloats(2, 2 * 3 * 7 * 4), [2, 3, 7, 4]);
      const out = device.empty([2, 3, 5, 7]);
      matmulViews(matricesOf(a), matricesOf(b), matricesOf(out), { transposeB: true, scale: 0.5 });
      return [matmul(a, b, { transposeB: true, scale: 0.5 }), out];
    });
    expect(actual).toEqual(expected);
  });

  it('shares an operand that has one matrix along an axis of the batch', async () => {
    const { device } = gpu;
    const values = { a: randomFloats(3, 2 * 5 * 4), b: randomFloats(4, 3 * 4 * 6) };
    const shared = await evaluate(device, () => {
      const out = device.empty([2, 3, 5, 6]);
      const a = device.tensor(values.a, [2, 1, 5, 4]);
      const b = device.tensor(values.b, [1, 3, 4, 6]);
      matmulViews(matricesOf(a), matricesOf(b), matricesOf(out));
      return out;
    });
    const repeated = await evaluate(device, () => {
      const part = (source: Float32Array, length: number, i: number) => [
        ...source.subarray(i * length, (i + 1) * length),
      ];
      const pairs = [0, 1].flatMap((outer) => [0, 1, 2].map((inner) => [outer, inner]));
      const a = device.tensor(
        pairs.flatMap(([outer]) => part(values.a, 20, outer)),
        [2, 3, 5, 4],
      );
      const b = device.tensor(
        pairs.flatMap(([, inner]) => part(values.b, 24, inner)),
        [2, 3, 4, 6],
      );
      return matmul(a, b);
    });
    expect(shared).toEqual(repeated);
  });

  it('names the sizes of all views when they do not fit', () => {
    const { device } = gpu;
    const error = (a: number[], b: number[], out: number[], transposeB = false) =>
      shapeError(device, () => {
        const [left, right, result] = [a, b, out].map((shape) => matricesOf(device.empty(shape)));
        matmulViews(left, right, result, { transposeB });
      });
    expect(error([4, 5, 6], [4, 7, 8], [4, 5, 8])).toBe(
      'matmul: views [1, 4, 5, 6] x [1, 4, 7, 8] do not fit the result [1, 4, 5, 8]',
    );
    expect(error([5, 6], [6, 8], [5, 6], true)).toBe(
      'matmul: views [1, 1, 5, 6] x [1, 1, 6, 8] transposed do not fit the result [1, 1, 5, 6]',
    );
    expect(error([4, 5, 6], [6, 8], [5, 8])).toContain('do not fit');
    expect(error([2, 5, 6], [3, 6, 8], [3, 5, 8])).toContain('do not fit');
  });
});
