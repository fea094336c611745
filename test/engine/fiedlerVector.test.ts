import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideByTrace, fiedlerVector, patchAffinity } from '../../engine/index.ts';
import { normalisedCutOracle, patchAffinityOracle } from '../oracle/fiedlerVector.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

/** Two clusters of patches that see each other `bridge` times as much as themselves: [n, n], symmetric. */
function twoClusters(seed: number, n: number, bridge: number): Float32Array {
  const noise = randomFloats(seed, n * n, 0.5, 1);
  const side = (i: number) => i < Math.ceil(n / 3);
  return Float32Array.from({ length: n * n }, (_, index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    return noise[Math.min(i, j) * n + Math.max(i, j)] * (side(i) === side(j) ? 1 : bridge);
  });
}

describe('patchAffinity', () => {
  it('equals its oracle and is exactly symmetric', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(5),
        fc.integer({ min: 2, max: 70 }),
        seeds,
        async (batch, heads, tokens, seed) => {
          const { device } = opened;
          const attention = randomFloats(seed, batch * heads * tokens * tokens, 0, 1);
          const actual = await evaluate(device, () =>
            patchAffinity(device.tensor(attention, [batch, heads, tokens, tokens])),
          );
          const n = tokens - 1;
          for (let b = 0; b < batch; b++) {
            const w = actual.subarray(b * n * n, (b + 1) * n * n);
            const expected = patchAffinityOracle(attention.subarray(b * heads * tokens * tokens), heads, tokens);
            // 2 heads terms that are not negative, and a quotient.
            expectClose({ actual: w, expected, tolerance: (i) => (2 * heads + 3) * U * expected[i], shape: [n, n] });
            expectEqual(
              w,
              Float32Array.from(w, (_, index) => w[(index % n) * n + Math.floor(index / n)]),
            );
          }
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });
});

describe('divideByTrace', () => {
  it('divides every matrix by its own trace', async () => {
    await fc.assert(
      fc.asyncProperty(sides(4), lengths(130), seeds, async (batch, n, seed) => {
        const { device } = opened;
        const x = randomFloats(seed, batch * n * n, 0.1, 1);
        const actual = await evaluate(device, () => divideByTrace(device.tensor(x, [batch, n, n])));
        const expected = Float64Array.from(x, (value, index) => {
          const matrix = Math.floor(index / (n * n)) * n * n;
          let trace = 0;
          for (let i = 0; i < n; i++) trace += x[matrix + i * n + i];
          return value / trace;
        });
        expectClose({ actual, expected, tolerance: (i) => (n + 3) * U * expected[i], shape: [batch, n, n] });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });
});

describe('fiedlerVector', () => {
  it('equals Jacobi diagonalisation in float64, within rounding divided by the gap of the eigenvalues', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(2),
        fc.integer({ min: 4, max: 60 }),
        fc.constantFrom(0.05, 0.2, 0.5),
        seeds,
        async (batch, n, bridge, seed) => {
          const { device } = opened;
          const affinities = Array.from({ length: batch }, (_, b) => twoClusters(seed + b, n, bridge));
          const [y, mask] = (await evaluateAll(device, () => {
            const result = fiedlerVector(
              device.tensor(
                affinities.flatMap((w) => [...w]),
                [batch, n, n],
              ),
            );
            return [result.y, result.aboveMean];
          })) as Float32Array[];
          affinities.forEach((w, b) => {
            const oracle = normalisedCutOracle(w, n);
            const gap = oracle.eigenvalues[2] - oracle.eigenvalues[1];
            fc.pre(gap > 0.02);
            const largest = Math.max(...oracle.y.map(Math.abs));
            // Each squaring rounds sums of n terms; early ones disturb the vector by that over the gap, later ones by
            // less.
            const tolerance = (8 * n * U * largest) / gap;
            const actual = y.subarray(b * n, (b + 1) * n);
            // Where two components have the same magnitude, rounding decides the sign.
            const mirrored = actual.some((value, i) => Math.abs(value - oracle.y[i]) > tolerance) ? -1 : 1;
            if (mirrored < 0)
              expect(oracle.y.filter((value) => Math.abs(value) > largest - 2 * tolerance).length).toBeGreaterThan(1);
            expectClose({ actual: actual.map((value) => mirrored * value), expected: oracle.y, tolerance });
            const mean = actual.reduce((sum, value) => sum + value, 0) / n;
            actual.forEach((value, i) => {
              if (Math.abs(value - mean) > tolerance) expect(mask[b * n + i]).toBe(value > mean ? 1 : 0);
            });
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it.each(recordedCases('paper/defocus/'))('%s equals the recording, and its residual is small', async (name) => {
    const checks = await expectRecorded(name, opened, { W_f64: 1e-6, y_f64: 1e-5 });
    const [w, y] = ['W_f64', 'y_f64'].map((output) => Float32Array.from(checks.computed.get(output)!));
    const n = y.length;
    const lambda = checks.output('eigenvalues_f64').values[1];
    const degrees = Float64Array.from({ length: n }, (__, i) =>
      w.subarray(i * n, (i + 1) * n).reduce((sum, value) => sum + value, 0),
    );
    const residual = Math.max(
      ...degrees.map((degree, i) =>
        Math.abs(
          degree * y[i] * (1 - lambda) -
            w.subarray(i * n, (i + 1) * n).reduce((sum, value, j) => sum + value * y[j], 0),
        ),
      ),
    );
    expect(residual).toBeLessThan(1e-6);
  });

  it('refuses what is not square', () => {
    const { device } = opened;
    expect(shapeError(device, () => fiedlerVector(device.zeros([1, 3, 4])))).toBe(
      'fiedlerVector: affinity is [1, 3, 4], expected [?, ?, 3]',
    );
    expect(shapeError(device, () => patchAffinity(device.zeros([2, 3, 4])))).toBe(
      'patchAffinity: attention is [2, 3, 4], expected [?, ?, ?, 4]',
    );
    expect(shapeError(device, () => divideByTrace(device.zeros([2, 2], 'f16')))).toBe(
      'divideByTrace: x is f16, expected f32',
    );
  });
});
