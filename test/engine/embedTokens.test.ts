import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, embedTokens, layerNorm, prependRow } from '../../engine/index.ts';
import { layerNormOracle } from '../oracle/layerNorm.ts';
import { expectClose } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { layerNormTolerance } from '../support/layerNormTolerance.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

describe('embedTokens', () => {
  it('equals its oracle, and the four ops that it is one launch of, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(sides(3), lengths(9), lengths(200), seeds, async (batch, tokens, width, seed) => {
        const { device } = opened;
        const shape = [batch, tokens, width];
        const embedded = randomFloats(seed, batch * (tokens - 1) * width);
        const positions = randomFloats(seed + 1, tokens * width);
        const [gamma, beta, secondGamma, secondBeta] = [2, 3, 4, 5].map((i) => randomFloats(seed + i, width, -2, 2));
        const [epsilon, secondEpsilon] = [1e-3, 1e-2];
        const results = await evaluateAll(device, () => {
          const patches = device.tensor(embedded, [batch, tokens - 1, width]);
          const rows = device.tensor(positions, [tokens, width]);
          const [first, second] = [
            { gamma, beta, epsilon },
            { gamma: secondGamma, beta: secondBeta, epsilon: secondEpsilon },
          ].map((norm) => ({
            gamma: device.tensor(norm.gamma, [width]),
            beta: device.tensor(norm.beta, [width]),
            epsilon: norm.epsilon,
          }));
          return KERNEL_CLASSES.flatMap((adapterClass) =>
            asAdapterClass(device, adapterClass, () => {
              const { x, normalised } = embedTokens(patches, rows, first, second);
              const sum = add(prependRow(patches, device.zeros([width])), rows);
              return [x, normalised, layerNorm(sum, first.gamma, first.beta, epsilon)];
            }),
          );
        });
        // One rounding each, as on the device.
        const tokensBefore = Float32Array.from({ length: batch * tokens * width }, (_, i) => {
          const [b, t, c] = [Math.floor(i / (tokens * width)), Math.floor(i / width) % tokens, i % width];
          const patch = t === 0 ? 0 : embedded[(b * (tokens - 1) + t - 1) * width + c];
          return patch + positions[t * width + c];
        });
        const before = layerNormOracle(tokensBefore, width, gamma, beta, epsilon);
        const tolerance = layerNormTolerance(tokensBefore, width, gamma, beta, before);
        for (const [x, normalised, composed] of [results.slice(0, 3), results.slice(3)]) {
          expectClose({ actual: x, expected: before.y, tolerance, shape });
          expectClose({ actual: x, expected: composed, tolerance: (i) => 2 * tolerance(i), shape });
          const y = Float32Array.from(x);
          const after = layerNormOracle(y, width, secondGamma, secondBeta, secondEpsilon);
          const secondTolerance = layerNormTolerance(y, width, secondGamma, secondBeta, after);
          expectClose({ actual: normalised, expected: after.y, tolerance: secondTolerance, shape });
        }
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('refuses operands that do not fit, and makes nothing of nothing', () => {
    const { device } = opened;
    const refused = (embedded: number[], positions: number[], gamma = 4) =>
      shapeError(device, () => {
        const norm = { gamma: device.zeros([gamma]), beta: device.zeros([4]) };
        embedTokens(device.zeros(embedded), device.zeros(positions), norm, norm);
      });
    expect(refused([1, 5, 4], [5, 4])).toBe('embedTokens: embedded is [1, 5, 4], expected [?, 4, 4]');
    expect(refused([1, 4, 4], [5, 4], 3)).toBe('embedTokens: gamma is [3], expected [4]');
    expect(refused([1, 4, 4], [4])).toBe('embedTokens: positions is [4], expected [?, 4]');
    expect(refused([0, 4, 4], [5, 4])).toBe('no error');
  });
});
