import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, softmax, type SoftmaxOptions } from '../../engine/index.ts';
import { softmaxOracle } from '../oracle/softmax.ts';
import { expectClose, expectEqual, TINY, U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

async function bothKernels(
  x: Float32Array,
  shape: readonly number[],
  options: SoftmaxOptions,
): Promise<ArrayLike<number>[]> {
  const { device } = opened;
  return evaluateAll(device, () => {
    const tensor = device.tensor(x, shape);
    return KERNEL_CLASSES.map((adapterClass) => asAdapterClass(device, adapterClass, () => softmax(tensor, options)));
  });
}

/**
 * Compares both row kernels with the oracle. With n = width and a = |scale| max |x|, an exponent s x - max is off by 6
 * a U, and WGSL's exp by 3 + 2 |t| ulp for exponents |t| <= 2 a: relatively (6 + 14 a) U in all. The sum of n such
 * terms has that error and n U of its own, and the division 5 U. Exponentials below the normal range may be flushed to
 * 0.
 */
async function expectSoftmax(x: Float32Array, shape: readonly number[], options: SoftmaxOptions = {}): Promise<void> {
  const width = shape.at(-1)!;
  const expected = softmaxOracle(x, width, options.scale, options.causal);
  const reach = Math.abs(options.scale ?? 1) * x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const tolerance = (i: number) => expected[i] * (width + 20 + 28 * reach) * U + TINY;
  for (const actual of await bothKernels(x, shape, options)) expectClose({ actual, expected, tolerance, shape });
}

describe('softmax', () => {
  it('equals its oracle for any shape, with 1 and with 64 threads a row', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths(70),
        lengths(300),
        seeds,
        fc.constantFrom(0.125, 1, 40, -3),
        async (rows, width, seed, scale) => {
          await expectSoftmax(randomFloats(seed, rows * width, -2, 3), [rows, width], { scale });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('hides the columns behind the row number with the causal mask', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), lengths(90), seeds, async (heads, tokens, seed) => {
        await expectSoftmax(randomFloats(seed, heads * tokens * tokens, -4, 4), [heads, tokens, tokens], {
          causal: true,
        });
      }),
      { numRuns: DEVICE_RUNS },
    );
    const causal = await bothKernels(Float32Array.of(9, 1, 2, 2), [2, 2], { causal: true });
    for (const actual of causal) expectEqual(actual, [1, 0, 0.5, 0.5]);
  });

  it('adds an addend last, masked columns too', async () => {
    await fc.assert(
      fc.asyncProperty(lengths(20), lengths(150), seeds, fc.boolean(), async (heads, tokens, seed, causal) => {
        const { device } = opened;
        const shape = causal ? [heads % 3, tokens, tokens] : [heads, tokens];
        const size = shape.reduce((product, side) => product * side, 1);
        const results = await evaluateAll(device, () => {
          const [x, addend] = [0, 1].map((i) => device.tensor(randomFloats(seed + i, size, -2, 3), shape));
          return KERNEL_CLASSES.flatMap((adapterClass) =>
            asAdapterClass(device, adapterClass, () => [
              add(addend, softmax(x, { causal })),
              softmax(x, { causal, addend }),
            ]),
          );
        });
        // The division may be done otherwise (5 U of 1, and the rounding of a sum of at most 4).
        for (const [expected, actual] of [results.slice(0, 2), results.slice(2)])
          expectClose({ actual, expected, tolerance: 9 * U, shape });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('does not overflow: rows of ±1e30 and of equal values', async () => {
    const rows = [1e30, -1e30, 0, -1e30, -1e30, -1e30, 5, 5, 5, 88.9, 0, -88.9];
    for (const actual of await bothKernels(Float32Array.from(rows), [4, 3], {})) {
      expectClose({
        actual,
        expected: [1, 0, 0, ...Array.from({ length: 6 }, () => 1 / 3), 1, 0, 0],
        tolerance: 4 * U,
      });
    }
  });

  it('gives 1 for a row of one column, and takes no rows', async () => {
    for (const actual of await bothKernels(Float32Array.of(-7, 1e20), [2, 1], {})) expectEqual(actual, [1, 1]);
    for (const actual of await bothKernels(new Float32Array(0), [0, 5], {})) expectEqual(actual, []);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    expect(shapeError(device, () => softmax(device.zeros([2, 3, 4]), { causal: true }))).toBe(
      'softmax: a causal mask needs square matrices, found [2, 3, 4]',
    );
    expect(shapeError(device, () => softmax(device.zeros([4]), { causal: true }))).toBe(
      'softmax: a causal mask needs square matrices, found [4]',
    );
    expect(shapeError(device, () => softmax(device.zeros([])))).toBe('softmax: x is [], expected at least one column');
    expect(shapeError(device, () => softmax(device.zeros([2, 2]), { addend: device.zeros([2]) }))).toBe(
      'softmax: addend is [2], expected [2, 2]',
    );
    expect(shapeError(device, () => softmax(device.zeros([2, 2], 'i32')))).toBe('softmax: x is i32, expected f32');
  });
});
