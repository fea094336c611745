import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pamrAffinity, pamrStep, type Tensor } from '../../engine/index.ts';
import { pamrOracle, pamrWeights } from '../oracle/pamr.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

/** [planes, pixels] to [pixels, planes]: the published order to ours. */
function planesLast(values: ArrayLike<number>, planes: number): Float64Array {
  const pixels = values.length / planes;
  return Float64Array.from({ length: values.length }, (_, i) => values[(i % planes) * pixels + Math.floor(i / planes)]);
}

/** Weights and the mask after the iterations; all planes last. */
async function refine(
  image: ArrayLike<number>,
  mask: ArrayLike<number>,
  height: number,
  width: number,
  iterations: number,
  dilations: readonly number[],
) {
  const { device } = opened;
  return evaluateAll(device, () => {
    const offsets = device.tensor(dilations, [dilations.length], 'u32');
    const weights = pamrAffinity(device.tensor(image, [height, width, 3]), offsets);
    let x: Tensor = device.tensor(mask, [height, width, mask.length / (height * width)]);
    for (let i = 0; i < iterations; i++) x = pamrStep(weights, x, offsets);
    return [weights, x];
  });
}

describe('pamrAffinity and pamrStep', () => {
  // Twice the recorded difference between the published code in float32 and in float64.
  const recorded: Record<string, number> = { steps1: 1.7e-6, steps10: 1e-5, small_image: 6.2e-6 };

  it.each(recordedCases('segmentor/pamr/'))('%s equals the published code', async (name) => {
    await expectRecorded(name, opened, { out: recorded[name.split('/')[2]] });
  });

  it('equal their oracles for any image, mask and dilations', async () => {
    const dilations = fc.uniqueArray(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        sides(14),
        sides(14),
        sides(5),
        dilations,
        seeds,
        async (height, width, planes, dilated, seed) => {
          const pixels = height * width;
          const image = randomFloats(seed, 3 * pixels, -2, 2);
          const mask = randomFloats(seed + 1, planes * pixels, -2, 3);
          const [weights, refined] = await refine(
            planesLast(image, 3),
            planesLast(mask, planes),
            height,
            width,
            1,
            dilated,
          );
          // An exponent is a mean of |differences| / (0.1 deviation): at most 10 sqrt(samples) = t. The deviation of n
          // samples is off by (n + 10) U relatively, for 2-wide images of spread 1; exp by 3 + 2 t ulp, the sum of 8/9
          // n terms by n U.
          const samples = 9 * dilated.length;
          const rounding = (2 * (10 * Math.sqrt(samples)) * (samples + 20) + samples + 20) * U;
          const expectedWeights = planesLast(
            pamrWeights({ image, height, width, dilations: dilated }),
            8 * dilated.length,
          );
          expectClose({
            actual: weights,
            expected: expectedWeights,
            tolerance: (i) => rounding * expectedWeights[i] + 1e-30,
            shape: [height, width, 8 * dilated.length],
          });
          const expected = planesLast(
            pamrOracle({ image, mask, height, width, iterations: 1, dilations: dilated }),
            planes,
          );
          expectClose({
            actual: refined,
            expected,
            tolerance: 3 * (rounding + samples * U),
            shape: [height, width, planes],
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('has equal weights on a flat image, and keeps a constant map', async () => {
    const [weights, refined] = await refine(
      new Float32Array(3 * 35).fill(0.3),
      new Float32Array(35).fill(2),
      5,
      7,
      3,
      [1, 2],
    );
    expectEqual(weights, new Float32Array(35 * 16).fill(1 / 16));
    expectEqual(refined, new Float32Array(35).fill(2));
  });

  it('takes an image of one pixel and one of none', async () => {
    const [weights, refined] = await refine([0.1, 0.5, -2], [4, -1], 1, 1, 2, [8, 16]);
    expectEqual(weights, new Float32Array(16).fill(1 / 16));
    expectEqual(refined, [4, -1]);
    const { device } = opened;
    expectEqual(
      await evaluate(device, () => pamrAffinity(device.zeros([0, 4, 3]), device.tensor([1], [1], 'u32'))),
      [],
    );
  });

  it('refuse operands that do not fit', () => {
    const { device } = opened;
    const image = () => device.zeros([4, 5, 3]);
    const dilations = (count: number) => device.zeros([count], 'u32');
    expect(shapeError(device, () => pamrAffinity(device.zeros([4, 5, 4]), dilations(2)))).toBe(
      'pamrAffinity: image is [4, 5, 4], expected [?, ?, 3]',
    );
    expect(shapeError(device, () => pamrAffinity(device.zeros([4, 5, 3], 'f16'), dilations(2)))).toBe(
      'pamrAffinity: image is f16, expected f32',
    );
    expect(shapeError(device, () => pamrAffinity(image(), device.zeros([2])))).toBe(
      'pamrAffinity: dilations is f32, expected u32',
    );
    expect(shapeError(device, () => pamrAffinity(image(), device.zeros([2, 1], 'u32')))).toBe(
      'pamrAffinity: dilations is [2, 1], expected [?]',
    );
    for (const count of [0, 9]) {
      expect(shapeError(device, () => pamrAffinity(image(), dilations(count)))).toBe(
        `pamrAffinity: ${count} dilations, expected 1 to 8`,
      );
    }
    const weights = () => device.zeros([4, 5, 16]);
    expect(shapeError(device, () => pamrStep(weights(), device.zeros([4, 5]), dilations(2)))).toBe(
      'pamrStep: x is [4, 5], expected [?, ?, ?]',
    );
    expect(shapeError(device, () => pamrStep(weights(), device.zeros([4, 5, 1]), dilations(1)))).toBe(
      'pamrStep: weights is [4, 5, 16], expected [4, 5, 8]',
    );
    expect(shapeError(device, () => pamrStep(weights(), device.zeros([4, 5, 1], 'u32'), dilations(2)))).toBe(
      'pamrStep: x is u32, expected f32',
    );
    expect(
      shapeError(device, () => pamrStep(device.zeros([4, 5, 16], 'f16'), device.zeros([4, 5, 1]), dilations(2))),
    ).toBe('pamrStep: weights is f16, expected f32');
    expect(shapeError(device, () => pamrStep(weights(), device.zeros([4, 5, 1]), device.zeros([2])))).toBe(
      'pamrStep: dilations is f32, expected u32',
    );
  });
});
