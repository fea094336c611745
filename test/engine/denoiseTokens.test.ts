import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  blend,
  boxAverage,
  channelShare,
  denoiseTokens,
  type DenoiseTokensOptions,
  greaterThan,
  maskedSelect,
  type Tensor,
} from '../../engine/index.ts';
import { layerNormOracle } from '../oracle/layerNorm.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { layerNormTolerance } from '../support/layerNormTolerance.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds, sides } from '../support/random.ts';

const opened = useDevice();

/** The five ops that `denoiseTokens` is one launch of. */
function composed(x: Tensor, options: DenoiseTokensOptions): Tensor {
  const { channels, limit, alpha, gridHeight, gridWidth, skip } = options;
  const isReplaced = greaterThan(channelShare(x, channels), limit);
  return blend(x, 1 - alpha, maskedSelect(isReplaced, boxAverage(x, gridHeight, gridWidth, skip), x), alpha);
}

describe('denoiseTokens', () => {
  it('equals the five ops, and their sum with what came before, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(sides(3), sides(), sides()),
        lengths(200),
        fc.integer({ min: 0, max: 5 }),
        fc.constantFrom(0, 1),
        fc.constantFrom(0.01, 0.02, 0.1),
        fc.constantFrom(0.4, 1, 0),
        seeds,
        async ([batch, gridHeight, gridWidth], width, count, skip, limit, alpha, seed) => {
          const { device } = opened;
          const shape = [batch, skip + gridHeight * gridWidth, width];
          const size = shape.reduce((product, side) => product * side, 1);
          const results = await evaluateAll(device, () => {
            const x = device.tensor(randomFloats(seed, size, -2, 3), shape);
            const previous = device.tensor(randomFloats(seed + 1, size, -9, 9), shape);
            const channels = device.tensor(randomIntegers(seed + 2, count, width), [count], 'u32');
            const options = { channels, limit, alpha, gridHeight, gridWidth, skip };
            return KERNEL_CLASSES.flatMap((adapterClass) =>
              asAdapterClass(device, adapterClass, () => {
                const expected = composed(x, options);
                const { tokens, total } = denoiseTokens(x, { ...options, previous });
                const alone = denoiseTokens(x, options);
                expect(alone.total).toBeUndefined();
                return [expected, tokens, alone.tokens, add(previous, expected), total!];
              }),
            );
          });
          // The same operations in the same order. A driver may fuse each product with the sum behind it in one of
          // the two, which leaves out a rounding of at most 3 U; the average may divide otherwise (5 U of 3).
          for (const [expected, tokens, alone, expectedTotal, total] of [results.slice(0, 5), results.slice(5)]) {
            expectClose({ actual: tokens, expected, tolerance: 21 * U, shape });
            expectClose({ actual: alone, expected, tolerance: 21 * U, shape });
            // That, and the rounding of a sum of at most 12.
            expectClose({ actual: total, expected: expectedTotal, tolerance: 45 * U, shape });
          }
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes a LayerNorm of the result, with and without a sum, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(sides(3), sides(), sides()),
        lengths(200),
        fc.boolean(),
        seeds,
        async ([batch, gridHeight, gridWidth], width, withSum, seed) => {
          const { device } = opened;
          const shape = [batch, 1 + gridHeight * gridWidth, width];
          const size = shape.reduce((product, side) => product * side, 1);
          const [gamma, beta] = [1, 2].map((i) => randomFloats(seed + i, width, -2, 2));
          const epsilon = 1e-3;
          const results = await evaluateAll(device, () => {
            const x = device.tensor(randomFloats(seed, size, -2, 3), shape);
            const channels = device.tensor([0], [1], 'u32');
            const norm = { gamma: device.tensor(gamma, [width]), beta: device.tensor(beta, [width]), epsilon };
            const previous = withSum ? x : undefined;
            const options = { channels, limit: 0.01, alpha: 0.4, gridHeight, gridWidth, skip: 1, previous };
            return KERNEL_CLASSES.flatMap((adapterClass) =>
              asAdapterClass(device, adapterClass, () => {
                const { tokens, normalised } = denoiseTokens(x, { ...options, norm });
                return [tokens, normalised!, denoiseTokens(x, options).tokens];
              }),
            );
          });
          for (const [tokens, actual, alone] of [results.slice(0, 3), results.slice(3)]) {
            const y = Float32Array.from(tokens);
            const oracle = layerNormOracle(y, width, gamma, beta, epsilon);
            const tolerance = layerNormTolerance(y, width, gamma, beta, oracle);
            expectClose({ actual, expected: oracle.y, tolerance, shape });
            // Another kernel of the same operations, as above.
            expectClose({ actual: tokens, expected: alone, tolerance: 21 * U, shape });
          }
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('replaces all distraction tokens but the rows before the grid, and no other', async () => {
    const { device } = opened;
    // Rows of two channels: CLS, then a grid of 1 x 3. Shares of channel 1: 1, 1, 0, 1.
    const x = [0, 9, 0, 9, 18, 0, 0, 27];
    const results = await evaluateAll(device, () => {
      const options = { limit: 0.5, alpha: 1, gridHeight: 1, gridWidth: 3, skip: 1 };
      const [tensor, channels] = [device.tensor(x, [1, 4, 2]), device.tensor([1], [1], 'u32')];
      return KERNEL_CLASSES.map((adapterClass) =>
        asAdapterClass(device, adapterClass, () => denoiseTokens(tensor, { ...options, channels }).tokens),
      );
    });
    for (const actual of results) expectEqual(actual, [0, 9, 2, 1, 18, 0, 2, 3]);
  });

  it('refuses operands that do not fit, and makes nothing of nothing', () => {
    const { device } = opened;
    const refused = (shape: number[], channels: Tensor, previous?: Tensor) =>
      shapeError(device, () =>
        denoiseTokens(device.zeros(shape), { channels, limit: 0, alpha: 1, gridHeight: 2, gridWidth: 2, previous }),
      );
    device.scope(() => {
      const channels = device.zeros([1], 'u32');
      expect(refused([1, 5, 4], channels)).toBe('denoiseTokens: x is [1, 5, 4], expected [?, 4, ?]');
      expect(refused([1, 4, 4], device.zeros([1]))).toBe('denoiseTokens: channels is f32, expected u32');
      expect(refused([1, 4, 4], channels, device.zeros([4, 4]))).toBe(
        'denoiseTokens: previous is [4, 4], expected [1, 4, 4]',
      );
      const options = { channels, limit: 0, alpha: 1, gridHeight: 2, gridWidth: 2 };
      expect(denoiseTokens(device.zeros([0, 4, 4]), options).tokens.shape).toEqual([0, 4, 4]);
    });
  });
});
