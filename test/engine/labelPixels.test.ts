import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelPixels } from '../../engine/index.ts';
import { postprocessOracle } from '../oracle/postprocess.ts';
import { expectClose, expectEqual, TINY, U } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds, sides } from '../support/random.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

interface Case {
  /** [pixels, queries]. */
  logits: Float32Array;
  /** [queries], not decreasing. */
  classOf: ArrayLike<number>;
  scale: number;
  threshold: number;
  /** [classes]. */
  allowed?: ArrayLike<number>;
}

/** [rows, columns] to [columns, rows]; the oracle keeps pixels last, the device first. */
function transpose(values: ArrayLike<number>, columns: number): Float64Array {
  const rows = values.length / columns;
  return Float64Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}

async function label({
  logits,
  classOf,
  scale,
  threshold,
  allowed,
}: Case): Promise<Record<'labels' | 'best' | 'probabilities' | 'labelsAlone', ArrayLike<number>>> {
  const { device } = opened;
  const [queries, classes] = [classOf.length, Math.max(...Array.from(classOf)) + 1];
  const [labels, best, probabilities, labelsAlone] = await evaluateAll(device, () => {
    const operands = [
      device.tensor(logits, [logits.length / queries, queries]),
      device.tensor(classOf, [queries], 'u32'),
    ] as const;
    const options = { classes, scale, threshold, allowed: allowed && device.tensor(allowed, [classes], 'u32') };
    const all = labelPixels(...operands, { ...options, withProbabilities: true });
    return [all.labels, all.best, all.probabilities!, labelPixels(...operands, options).labels];
  });
  return { labels, best, probabilities, labelsAlone };
}

/**
 * Probabilities are a softmax (see softmax.test.ts for the tolerance). Labels must be equal wherever neither the margin
 * to the second class nor the distance to the threshold is within rounding.
 */
async function expectLabels(input: Case): Promise<void> {
  const { logits, classOf, scale, threshold } = input;
  const classes = Math.max(...Array.from(classOf)) + 1;
  const { labels, best, probabilities, labelsAlone } = await label(input);
  const expected = postprocessOracle(transpose(logits, classOf.length), classOf, scale, threshold);
  const reach = scale * logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const rounding = (classOf.length + 20 + 28 * reach) * U;
  const byPixel = transpose(expected.probabilities, labels.length);
  expectClose({
    actual: probabilities,
    expected: byPixel,
    tolerance: (i) => byPixel[i] * rounding + TINY,
    shape: [labels.length, classes],
  });
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const winner = Math.max(...byPixel.subarray(pixel * classes, (pixel + 1) * classes));
    expect(Math.abs(best[pixel] - winner)).toBeLessThanOrEqual(winner * rounding);
    const undecided = expected.margins[pixel] <= 2 * rounding || Math.abs(winner - threshold) <= rounding;
    if (!undecided) expect(labels[pixel], `pixel ${pixel}`).toBe(expected.labels[pixel]);
  }
  expectEqual(labelsAlone, labels);
}

describe('labelPixels', () => {
  it.each(recordedCases('segmentor/postprocess/'))('%s equals the published code', async (name) => {
    await expectRecorded(name, opened, { labels: 0, probabilities: 5e-6 });
  });

  it('equals its oracle for any number of pixels, queries and classes', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths(200),
        lengths(70),
        sides(20),
        seeds,
        fc.constantFrom(0, 0.1, 0.5),
        async (pixels, queries, classes, seed, threshold) => {
          const classOf = Array.from(randomIntegers(seed, queries, classes)).sort((a, b) => a - b);
          await expectLabels({
            logits: randomFloats(seed + 1, pixels * queries, -0.3, 0.4),
            classOf,
            scale: 40,
            threshold,
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it(
    'takes the first class on ties, class 0 below the threshold but not at it, and any class of one ' + 'query',
    async () => {
      const { labels, best } = await label({
        logits: Float32Array.of(1, 5, 5, 2, 2, 2),
        classOf: [0, 1, 2],
        scale: 1,
        threshold: 0,
      });
      expectEqual(labels, [1, 0]);
      expectClose({ actual: best, expected: [1 / (2 + Math.exp(-4)), 1 / 3], tolerance: 1e-6 });
      const half = { logits: Float32Array.of(-99, 3, 3), classOf: [0, 1, 2], scale: 1 };
      expectEqual((await label({ ...half, threshold: 0.5 })).labels, [1]);
      expectEqual((await label({ ...half, threshold: 0.5 + 2 ** -24 })).labels, [0]);
      expectEqual(
        (await label({ logits: Float32Array.of(-3, 7), classOf: [0], scale: 40, threshold: 0 })).best,
        [1, 1],
      );
    },
  );

  it('gives classes without a query, and classes that are not allowed, probability 0', async () => {
    const { labels, probabilities } = await label({
      logits: Float32Array.of(0, 0),
      classOf: [1, 3],
      scale: 1,
      threshold: 0,
      allowed: [1, 0, 1, 1],
    });
    expectEqual(labels, [3]);
    expectEqual(probabilities, [0, 0, 0, 0.5]);
    expectEqual(
      (await label({ logits: Float32Array.of(0, 1), classOf: [0, 1], scale: 1, threshold: 0, allowed: [0, 0] })).labels,
      [0],
    );
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const options = { classes: 2, scale: 1, threshold: 0 };
    const classOf = () => device.zeros([3], 'u32');
    expect(shapeError(device, () => labelPixels(device.zeros([2, 2, 3]), classOf(), options))).toBe(
      'labelPixels: logits is [2, 2, 3], expected [?, ?]',
    );
    expect(shapeError(device, () => labelPixels(device.zeros([2, 3], 'f16'), classOf(), options))).toBe(
      'labelPixels: logits is f16, expected f32',
    );
    expect(shapeError(device, () => labelPixels(device.zeros([2, 4]), classOf(), options))).toBe(
      'labelPixels: classOf is [3], expected [4]',
    );
    expect(shapeError(device, () => labelPixels(device.zeros([2, 3]), device.zeros([3]), options))).toBe(
      'labelPixels: classOf is f32, expected u32',
    );
    expect(shapeError(device, () => labelPixels(device.zeros([0, 3]), classOf(), options))).toBe(
      'labelPixels: logits are [0, 3] for 2 classes',
    );
    expect(shapeError(device, () => labelPixels(device.zeros([2, 3]), classOf(), { ...options, classes: 0 }))).toBe(
      'labelPixels: logits are [2, 3] for 0 classes',
    );
    expect(
      shapeError(device, () =>
        labelPixels(device.zeros([2, 3]), classOf(), { ...options, allowed: device.zeros([3], 'u32') }),
      ),
    ).toBe('labelPixels: allowed is [3], expected [2]');
    expect(
      shapeError(device, () =>
        labelPixels(device.zeros([2, 3]), classOf(), { ...options, allowed: device.zeros([2]) }),
      ),
    ).toBe('labelPixels: allowed is f32, expected u32');
  });
});
