import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  columnBlocks,
  flashAttention,
  innerRange,
  type Matrices,
  matmulViews,
  matricesOf,
  softmax,
  softmaxScores,
  type Tensor,
} from '../../engine/index.ts';
import { attentionOracle, type OracleAttention } from '../oracle/attention.ts';
import type { OracleView } from '../oracle/matmul.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

interface Case {
  outer: number;
  heads: number;
  tokens: number;
  width: number;
  scale: number;
  causal: boolean;
  seed: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  outer: fc.integer({ min: 1, max: 2 }),
  heads: fc.integer({ min: 1, max: 3 }),
  tokens: lengths(150),
  width: fc.constantFrom(4, 8, 16, 20, 60, 64),
  scale: fc.constantFrom(0.125, 1, -0.5),
  causal: fc.boolean(),
  seed: seeds,
});

/** What an op makes of a fused projection [outer, tokens, 3 heads width], as a transformer block does. */
interface Parts {
  query: Matrices;
  key: Matrices;
  value: Matrices;
}

function partsOf(qkv: Tensor, heads: number): Parts {
  const blocks = columnBlocks(qkv, 3 * heads);
  const [query, key, value] = [0, heads, 2 * heads].map((first) => innerRange(blocks, first, heads));
  return { query, key, value };
}

function oracleOf(qkv: Float32Array, { outer, heads, tokens, width, scale, causal }: Case): OracleAttention {
  const [query, key, value] = [0, 1, 2].map((part): OracleView => ({
    values: qkv,
    offset: part * heads * width,
    rowStride: 3 * heads * width,
    innerStride: width,
    outerStride: tokens * 3 * heads * width,
  }));
  return attentionOracle(query, key, value, { m: tokens, n: tokens, width, outer, inner: heads, scale, causal });
}

/**
 * How far the weight of a key may be off, relative to itself. With a = `reach`, a logit is off by (width + 2) a U; the
 * exponent, of at most 2 a, by that of two logits and a rounding: (2 width + 6) a U; WGSL's exp by (3 + 2 |t|) ulp, so
 * (6 + 8 a) U. A tile with a larger logit multiplies by one more exponential, whose exponents add up to at most 2 a
 * again: another (6 U and a rounding) a tile and (2 width + 14) a U. The sum of n terms has the error of one and n U of
 * its own; the quotient has both, and 3 U of a reciprocal and a product.
 */
function weightError({ tokens, width }: Case, reach: number): number {
  const tiles = Math.ceil(tokens / 64);
  return 2 * (6 + 7 * tiles + (4 * width + 28) * reach) * U + (tokens + 4) * U;
}

describe('flashAttention', () => {
  it('equals its oracle, and the three ops that it is one launch of, for any shape', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (drawn) => {
        const { outer, heads, tokens, width, scale, causal, seed } = drawn;
        const { device } = opened;
        const shape = [outer, tokens, 3 * heads * width];
        const qkv = randomFloats(seed, outer * tokens * 3 * heads * width);
        const [fused, composed] = await evaluateAll(device, () => {
          const { query, key, value } = partsOf(device.tensor(qkv, shape), heads);
          const [out, expected] = [0, 1].map(() => device.empty([outer, tokens, heads * width]));
          flashAttention(query, key, value, columnBlocks(out, heads), { scale, causal });
          const scores = device.empty([outer, heads, tokens, tokens]);
          matmulViews(query, key, matricesOf(scores), { transposeB: true });
          matmulViews(matricesOf(softmax(scores, { scale, causal })), value, columnBlocks(expected, heads));
          return [out, expected];
        });
        const { mixed, magnitudes, reach } = oracleOf(qkv, drawn);
        // [outer, inner, m, D] of [outer, m, inner, D].
        const place = (i: number) => {
          const [d, head] = [i % width, Math.floor(i / width) % heads];
          const row = Math.floor(i / (width * heads));
          return ((Math.floor(row / tokens) * heads + head) * tokens + (row % tokens)) * width + d;
        };
        const expected = Float64Array.from(mixed, (_, i) => mixed[place(i)]);
        // The error of the weights, and that of a sum of n products.
        const relative = weightError(drawn, reach) + (tokens + 1) * U;
        const tolerance = (i: number) => magnitudes[place(i)] * relative;
        expectClose({ actual: fused, expected, tolerance, shape: [outer, tokens, heads * width] });
        expectClose({ actual: fused, expected: composed, tolerance: (i) => 2 * tolerance(i) });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes as many keys as there are, and other queries than keys', async () => {
    const { device } = opened;
    const [left, right, values] = [randomFloats(1, 70 * 8), randomFloats(2, 131 * 8), randomFloats(3, 131 * 8)];
    const view = (array: Float32Array): OracleView => ({
      values: array,
      offset: 0,
      rowStride: 8,
      innerStride: 0,
      outerStride: 0,
    });
    const [actual] = await evaluateAll(device, () => {
      const out = device.empty([70, 8]);
      const [query, key, value] = [left, right, values].map((array) =>
        matricesOf(device.tensor(array, [array.length / 8, 8])),
      );
      flashAttention(query, key, value, matricesOf(out), { scale: 3 });
      return [out];
    });
    const sizes = { m: 70, n: 131, width: 8, outer: 1, inner: 1, scale: 3 };
    const { mixed, magnitudes, reach } = attentionOracle(view(left), view(right), view(values), sizes);
    const drawn = { outer: 1, heads: 1, tokens: 131, width: 8, scale: 3, causal: false, seed: 0 };
    const relative = weightError(drawn, reach) + 132 * U;
    expectClose({ actual, expected: mixed, tolerance: (i) => magnitudes[i] * relative, shape: [70, 8] });
  });

  it('counts the values of keys to skip as 0, but not their weights', async () => {
    const { device } = opened;
    const [tokens, width] = [80, 8];
    const [x, values] = [randomFloats(1, tokens * width), randomFloats(2, tokens * width, 1, 2)];
    const [expected, actual] = await evaluateAll(device, () => {
      const heads = matricesOf(device.tensor(x, [tokens, width]));
      return [0, 3].map((skip) => {
        const zeroed = values.map((value, i) => (i < 3 * width ? 0 : value));
        const value = matricesOf(device.tensor(skip === 0 ? zeroed : values, [tokens, width]));
        const out = device.empty([tokens, width]);
        flashAttention(heads, heads, value, matricesOf(out), { skip });
        return out;
      });
    });
    expectEqual(actual, expected);
  });

  it('does not overflow where logits grow from tile to tile', async () => {
    const { device } = opened;
    // Key j has the logit 3 j: the last one takes all but exp(-3) of the weight.
    const tokens = 200;
    const [actual] = await evaluateAll(device, () => {
      const left = device.tensor(
        Float32Array.from({ length: 4 }, (_, i) => (i === 0 ? 1 : 0)),
        [1, 4],
      );
      const keys = Float32Array.from({ length: 4 * tokens }, (_, i) => (i % 4 === 0 ? (3 * i) / 4 : 0));
      const values = Float32Array.from({ length: 4 * tokens }, (_, i) => (i >= 4 * (tokens - 1) ? 1 : 0));
      const out = device.empty([1, 4]);
      const [right, mixed] = [keys, values].map((array) => matricesOf(device.tensor(array, [tokens, 4])));
      flashAttention(matricesOf(left), right, mixed, matricesOf(out));
      return [out];
    });
    const share = 1 / (1 + Math.exp(-3) / (1 - Math.exp(-3)));
    expectClose({ actual, expected: [share, share, share, share], tolerance: 64 * U });
  });

  it('refuses operands that do not fit, and makes nothing of nothing', () => {
    const { device } = opened;
    const refused = (left: number[], right: number[], values: number[], out: number[], causal = false) =>
      shapeError(device, () => {
        const [a, b, c, d] = [left, right, values, out].map((shape) => matricesOf(device.empty(shape)));
        flashAttention(a, b, c, d, { causal });
      });
    expect(refused([3, 8], [5, 4], [5, 8], [3, 8])).toBe(
      'flashAttention: right is [1, 1, 5, 4], expected [1, 1, ?, 8] as left',
    );
    expect(refused([3, 8], [5, 8], [4, 8], [3, 8])).toBe(
      'flashAttention: rows of left [1, 1, 3, 8], right [1, 1, 5, 8], values [1, 1, 4, 8] and out [1, 1, 3, 8] ' +
        'do not fit',
    );
    expect(refused([3, 8], [5, 8], [5, 8], [3, 8], true)).toContain('do not fit a causal mask');
    expect(refused([3, 6], [5, 6], [5, 6], [3, 6])).toContain('heads of 6 columns, expected a multiple of 4 up to 64');
    const beyond = () => {
      const [a, b, c, d] = [3, 5, 5, 3].map((rows) => matricesOf(device.empty([rows, 8])));
      flashAttention(a, b, { ...c, rowStride: 12 }, d);
    };
    expect(shapeError(device, beyond)).toBe('flashAttention: the view of values ends at element 56 of tensor [5, 8]');
    expect(refused([3, 68], [5, 68], [5, 68], [3, 68])).toContain('heads of 68 columns');
    expect(refused([3, 8], [0, 8], [0, 8], [3, 8])).toBe('flashAttention: there are no keys, expected at least one');
    expect(refused([0, 8], [5, 8], [5, 8], [0, 8])).toBe('no error');
  });
});

describe('softmaxScores', () => {
  it('equals its oracle, and the two ops that it is one launch of, with an addend too', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (drawn) => {
        const { outer, heads, tokens, width, scale, causal, seed } = drawn;
        const { device } = opened;
        const shape = [outer, tokens, 3 * heads * width];
        const qkv = randomFloats(seed, outer * tokens * 3 * heads * width);
        const previous = randomFloats(seed + 1, outer * heads * tokens * tokens, 0, 11);
        const square = [outer, heads, tokens, tokens];
        const [alone, summed, composed] = await evaluateAll(device, () => {
          const { query, key } = partsOf(device.tensor(qkv, shape), heads);
          const addend = device.tensor(previous, square);
          const scores = device.empty(square);
          matmulViews(query, key, matricesOf(scores), { transposeB: true });
          return [
            softmaxScores(query, key, { scale, causal }),
            softmaxScores(query, key, { scale, causal, addend }),
            softmax(scores, { scale, causal }),
          ];
        });
        const { weights, reach } = oracleOf(qkv, drawn);
        const relative = weightError(drawn, reach);
        const tolerance = (i: number) => weights[i] * relative;
        expectClose({ actual: alone, expected: weights, tolerance, shape: square });
        expectClose({ actual: alone, expected: composed, tolerance: (i) => 2 * tolerance(i) });
        // That of the sum, and its rounding.
        const sum = Float64Array.from(previous, (value, i) => value + weights[i]);
        expectClose({ actual: summed, expected: sum, tolerance: (i) => tolerance(i) + 12 * U, shape: square });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('refuses operands that do not fit, and makes nothing of nothing', () => {
    const { device } = opened;
    const refused = (left: number[], right: number[], options: { causal?: boolean; addend?: number[] } = {}) =>
      shapeError(device, () => {
        const [a, b] = [left, right].map((shape) => matricesOf(device.empty(shape)));
        const { causal, addend } = options;
        softmaxScores(a, b, { causal, addend: addend && device.empty(addend) });
      });
    expect(refused([3, 8], [5, 4])).toBe('softmaxScores: right is [1, 1, 5, 4], expected [1, 1, ?, 8] as left');
    expect(refused([3, 8], [5, 8], { causal: true })).toBe(
      'softmaxScores: left is [1, 1, 3, 8] and right [1, 1, 5, 8], expected as many rows for a causal mask',
    );
    expect(refused([3, 8], [5, 8], { addend: [3, 5] })).toBe('softmaxScores: addend is [3, 5], expected [1, 1, 3, 5]');
    const beyond = () => {
      const [a, b] = [3, 5].map((rows) => matricesOf(device.empty([rows, 8])));
      softmaxScores(a, { ...b, rows: 6 });
    };
    expect(shapeError(device, beyond)).toBe('softmaxScores: the view of right ends at element 48 of tensor [5, 8]');
    device.scope(() => {
      const [left, right] = [
        [0, 8],
        [5, 8],
      ].map((shape) => matricesOf(device.empty(shape)));
      expect(softmaxScores(left, right).shape).toEqual([1, 1, 0, 5]);
    });
  });
});
