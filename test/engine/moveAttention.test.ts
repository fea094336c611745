import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveAttention } from '../../engine/index.ts';
import { moveAttentionOracle } from '../oracle/moveAttention.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

const mask = (seed: number, count: number, share: number) =>
  randomFloats(seed, count, 0, 1).map((value) => (value < share ? 1 : 0));

describe('moveAttention', () => {
  it('equals its oracle for any shape and masks', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(3),
        fc.integer({ min: 1, max: 90 }),
        seeds,
        fc.constantFrom(0, 0.3, 1),
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom(0, 0.1, 0.6, 1),
        async (batch, heads, tokens, seed, keep, firstRow, share) => {
          const { device } = opened;
          const shape = [batch, heads, tokens, tokens];
          const x = randomFloats(seed, batch * heads * tokens * tokens, 0, 1);
          const sources = mask(seed + 1, batch * (tokens - 1), 0.2);
          const targets = mask(seed + 2, batch * (tokens - 1), share);
          const actual = await evaluate(device, () =>
            moveAttention(
              device.tensor(x, shape),
              device.tensor(sources, [batch, tokens - 1]),
              device.tensor(targets, [batch, tokens - 1]),
              keep,
              { firstRow },
            ),
          );
          const expected = moveAttentionOracle(x, sources, targets, { heads, tokens }, keep, firstRow);
          // Two sums of at most `tokens` terms that are not negative, a product, a quotient and a sum.
          expectClose({ actual, expected, tolerance: (i) => (2 * tokens + 12) * U * expected[i], shape });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it.each(recordedCases('paper/attention/'))('%s equals the recording', async (name) => {
    await expectRecorded(name, opened, { attn_redistributed: 1e-6 });
  });

  it('changes nothing when either set is empty, and nothing moves to or from CLS', async () => {
    const { device } = opened;
    const x = Float32Array.of(0.5, 0.3, 0.2, 0.1, 0.1, 0.8, 0.2, 0.4, 0.4);
    const run = (sources: number[], targets: number[]) =>
      evaluate(device, () =>
        moveAttention(
          device.tensor(x, [1, 1, 3, 3]),
          device.tensor(sources, [1, 2]),
          device.tensor(targets, [1, 2]),
          0.5,
        ),
      );
    expectEqual(await run([0, 0], [1, 1]), x);
    expectEqual(await run([1, 0], [0, 0]), x);
    expectEqual(await run([1, 1], [1, 1]), x);
    expectClose({
      actual: await run([1, 0], [1, 1]),
      expected: [0.5, 0.15, 0.35, 0.1, 0.05, 0.85, 0.2, 0.2, 0.6],
      tolerance: 1e-6,
    });
  });

  it('with CLS as a target too and nothing kept, equals a softmax whose source logits are minus infinity', async () => {
    const { device } = opened;
    const T = 9;
    const logits = randomFloats(5, T * T, -2, 2);
    const sources = mask(6, T - 1, 0.4);
    const softmaxOf = (hidden: (j: number) => boolean) =>
      Float32Array.from(logits, (value, index) => {
        const row = logits.subarray(index - (index % T), index - (index % T) + T);
        const sum = row.reduce((total, other, j) => total + (hidden(j) ? 0 : Math.exp(other)), 0);
        return hidden(index % T) ? 0 : Math.exp(value) / sum;
      });
    const actual = await evaluate(device, () =>
      moveAttention(
        device.tensor(
          softmaxOf(() => false),
          [1, 1, T, T],
        ),
        device.tensor(sources, [1, T - 1]),
        device.tensor(new Float32Array(T - 1).fill(1), [1, T - 1]),
        0,
        { classIsTarget: true },
      ),
    );
    expectClose({ actual, expected: softmaxOf((j) => j > 0 && sources[j - 1] !== 0), tolerance: 1e-6 });
  });

  it('refuses masks that do not fit', () => {
    const { device } = opened;
    const x = () => device.zeros([2, 1, 4, 4]);
    expect(shapeError(device, () => moveAttention(x(), device.zeros([2, 4]), device.zeros([2, 3]), 1))).toBe(
      'moveAttention: sources is [2, 4], expected [2, 3]',
    );
    expect(shapeError(device, () => moveAttention(x(), device.zeros([2, 3]), device.zeros([1, 3]), 1))).toBe(
      'moveAttention: targets is [1, 3], expected [2, 3]',
    );
    expect(
      shapeError(device, () =>
        moveAttention(device.zeros([1, 2, 3, 4]), device.zeros([1, 3]), device.zeros([1, 3]), 1),
      ),
    ).toBe('moveAttention: x is [1, 2, 3, 4], expected [?, ?, ?, 3]');
  });
});
