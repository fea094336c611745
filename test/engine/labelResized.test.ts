import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bilinear, bilinearInputRows, labelResized } from '../../engine/index.ts';
import { postprocessOracle } from '../oracle/postprocess.ts';
import { U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

/**
 * Compared with the oracle of `labelPixels` on what `bilinear` gives. Both kernels enlarge by the same operations, of
 * which a driver may fuse some: a logit is off by 4 U of the largest. Probabilities are a softmax (softmax.test.ts),
 * whose sum is multiplied once for each larger logit: 5 + 2 |t| ulp each, with |t| of at most 2 reach in all.
 * Labels must be equal wherever neither the margin to the second class nor the distance to the threshold is within
 * that.
 */
it("equals labelPixels' oracle on what bilinear gives, whole and in bands, one pixel or more a thread", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(sides(9), sides(9), sides(20), sides(20)),
      sides(70),
      fc.constantFrom(1, 40),
      fc.constantFrom(0, 0.1, 0.3),
      fc.nat(),
      seeds,
      fc.constantFrom(...KERNEL_CLASSES),
      async ([height, width, outHeight, outWidth], queries, scale, threshold, cut, seed, adapterClass) => {
        const { device } = opened;
        const values = randomFloats(seed, height * width * queries);
        // Three queries for every class but the last.
        const classOf = Array.from({ length: queries }, (_, q) => Math.floor(q / 3));
        const firstRow = cut % outHeight;
        const rows = outHeight - firstRow;
        const [first, end] = bilinearInputRows(height, outHeight, firstRow, rows);
        const band = { firstRow, rows, inputFirstRow: first, inputHeight: height };
        const [labels, best, enlarged] = await evaluateAll(device, () => {
          const held = values.subarray(first * width * queries, end * width * queries);
          const x = device.tensor(held, [end - first, width, queries]);
          const options = { outHeight, outWidth, band, scale, threshold };
          const classes = device.tensor(classOf, [queries], 'u32');
          const labelled = asAdapterClass(device, adapterClass, () => labelResized(x, classes, options));
          const logits = bilinear(x.reshape([1, end - first, width, queries]), outHeight, outWidth, { band });
          return [labelled.labels, labelled.best, logits];
        });
        const pixels = rows * outWidth;
        const queriesFirst = Float64Array.from(
          { length: enlarged.length },
          (_, i) => enlarged[(i % pixels) * queries + Math.floor(i / pixels)],
        );
        const { probabilities, margins, labels: expected } = postprocessOracle(queriesFirst, classOf, scale, threshold);
        const rounding = (6 * queries + 20 + 64 * scale) * U;
        for (let pixel = 0; pixel < pixels; pixel++) {
          const ofPixel = probabilities.filter((_, i) => i % pixels === pixel);
          const winner = Math.max(...ofPixel);
          expect(Math.abs(best[pixel] - winner)).toBeLessThanOrEqual(winner * rounding);
          const undecided = margins[pixel] <= 2 * rounding || Math.abs(winner - threshold) <= rounding;
          if (!undecided) expect(labels[pixel], `pixel ${pixel}`).toBe(expected[pixel]);
        }
      },
    ),
    { numRuns: DEVICE_RUNS },
  );
});

it('takes the first class on ties, and refuses operands that do not fit', async () => {
  const { device } = opened;
  const band = { firstRow: 0, rows: 2, inputFirstRow: 0, inputHeight: 1 };
  const options = { outHeight: 2, outWidth: 1, band, scale: 1, threshold: 0 };
  const [labels, best] = await evaluateAll(device, () => {
    const classOf = device.tensor([0, 1, 2], [3], 'u32');
    const labelled = labelResized(device.tensor([-1, 2, 2], [1, 1, 3]), classOf, options);
    return [labelled.labels, labelled.best];
  });
  expect([...labels]).toEqual([1, 1]);
  expect(best[0]).toBeCloseTo(1 / (2 + Math.exp(-3)), 6);
  const refused = (shape: number[], change: object) =>
    shapeError(device, () => labelResized(device.zeros(shape), device.zeros([3], 'u32'), { ...options, ...change }));
  expect(refused([1, 1, 4], {})).toBe('labelResized: classOf is [3], expected [4]');
  expect(refused([1, 0, 3], {})).toBe('labelResized: logits are [1, 0, 3], expected some');
  expect(refused([1, 1, 3], { scale: 0 })).toBe('labelResized: scale is 0, expected a number above 0');
  expect(refused([1, 1, 3], { band: { ...band, inputHeight: 9 } })).toBe(
    'labelResized: the band needs input rows 0..9, x holds 0..1',
  );
});
