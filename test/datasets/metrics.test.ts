import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addConfusion,
  type Confusion,
  countPixels,
  emptyConfusion,
  restoreConfusion,
  storeConfusion,
} from '../../datasets/confusion.ts';
import { areasOf, asPercent, labelsOutOfRange, metricsOf } from '../../datasets/metrics.ts';
import { expectRecorded, parametersOf, recordedCases } from '../support/reference.ts';

function counted(classes: number, prediction: ArrayLike<number>, labels: ArrayLike<number>): Confusion {
  const confusion = emptyConfusion(classes);
  countPixels(confusion, prediction, labels);
  return confusion;
}

describe("MMSegmentation's IoUMetric", () => {
  it.each(recordedCases('metrics/iou/'))('%s', async (name) => {
    const checks = await expectRecorded(name, undefined, { iou_nan_as_minus1: 5e-7, acc_nan_as_minus1: 5e-7 });
    const area = (role: string) => Float64Array.from(checks.computed.get(`total_${role}`)!);
    const metrics = metricsOf({
      intersection: area('intersect'),
      union: area('union'),
      prediction: area('pred_hist'),
      label: area('label_hist'),
    });
    const { summary_percent_2dp: summary, mIoU_full, mAcc_full, aAcc_full } = parametersOf(checks);
    expect(metrics.mIoU).toBeCloseTo(mIoU_full, 6);
    expect(metrics.mAcc).toBeCloseTo(mAcc_full, 6);
    expect(metrics.aAcc).toBeCloseTo(aAcc_full, 6);
    for (const key of ['aAcc', 'mIoU', 'mAcc'] as const) expect(asPercent(metrics[key])).toBe(summary[key].toFixed(2));
  });

  it.each(recordedCases('metrics/reduce_zero_label/'))('%s', async (name) => {
    await expectRecorded(name, undefined, { reduced: 0 });
  });
});

/** K, and pixels as pairs of prediction and label; labels may be out of range or ignored, predictions out of range. */
const images = fc.integer({ min: 1, max: 9 }).chain((classes) =>
  fc.record({
    classes: fc.constant(classes),
    pixels: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: classes + 1 }),
        fc.oneof(fc.integer({ min: 0, max: classes + 2 }), fc.constant(255)),
      ),
      { maxLength: 120 },
    ),
  }),
);

type Pixels = [number, number][];
const countedPixels = (classes: number, pixels: Pixels) =>
  counted(
    classes,
    pixels.map(([prediction]) => prediction),
    pixels.map(([, label]) => label),
  );

describe('properties', () => {
  it('areas are what a count class by class gives', () => {
    fc.assert(
      fc.property(images, ({ classes, pixels }) => {
        const areas = areasOf(countedPixels(classes, pixels));
        const kept = pixels.filter(([, label]) => label !== 255);
        for (let k = 0; k < classes; k++) {
          expect(areas.intersection[k]).toBe(kept.filter(([p, l]) => p === k && l === k).length);
          expect(areas.union[k]).toBe(kept.filter(([p, l]) => p === k || l === k).length);
          expect(areas.prediction[k]).toBe(kept.filter(([p]) => p === k).length);
          expect(areas.label[k]).toBe(kept.filter(([, l]) => l === k).length);
        }
        expect(labelsOutOfRange(countedPixels(classes, pixels))).toBe(kept.filter(([, l]) => l >= classes).length);
      }),
    );
  });

  it('the order of pixels does not matter', () => {
    fc.assert(
      fc.property(
        images.chain(({ classes, pixels }) =>
          fc.record({
            classes: fc.constant(classes),
            pixels: fc.constant(pixels),
            shuffled: fc.shuffledSubarray(pixels, { minLength: pixels.length }),
          }),
        ),
        (drawn) => {
          expect(countedPixels(drawn.classes, drawn.shuffled)).toEqual(countedPixels(drawn.classes, drawn.pixels));
        },
      ),
    );
  });

  it('renaming classes renames the results', () => {
    fc.assert(
      fc.property(
        images.chain(({ classes, pixels }) =>
          fc.tuple(
            fc.constant(pixels),
            fc.shuffledSubarray(
              Array.from({ length: classes }, (_, k) => k),
              { minLength: classes },
            ),
          ),
        ),
        ([pixels, names]) => {
          const rename = (value: number) => names[value] ?? value;
          const before = metricsOf(areasOf(countedPixels(names.length, pixels)));
          const after = metricsOf(
            areasOf(
              countedPixels(
                names.length,
                pixels.map(([p, l]) => [rename(p), rename(l)]),
              ),
            ),
          );
          names.forEach((name, k) => {
            expect(after.iou[name]).toBe(before.iou[k]);
            expect(after.accuracy[name]).toBe(before.accuracy[k]);
          });
          expect(after.aAcc).toBe(before.aAcc);
          expect(after.mIoU ?? 0).toBeCloseTo(before.mIoU ?? 0, 12);
        },
      ),
    );
  });

  it('parts add up to the whole, in any order, also after a detour over JSON', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1, max: 5 }), ({ classes, pixels }, parts) => {
        const total = emptyConfusion(classes);
        for (let part = parts - 1; part >= 0; part--) {
          const piece = countedPixels(
            classes,
            pixels.filter((_, index) => index % parts === part),
          );
          addConfusion(total, restoreConfusion(JSON.parse(JSON.stringify(storeConfusion(piece))), 'a part'));
        }
        expect(total).toEqual(countedPixels(classes, pixels));
      }),
    );
  });

  it('ratios lie between 0 and 1, IoU is at most accuracy, and a perfect prediction has 1 everywhere', () => {
    fc.assert(
      fc.property(images, ({ classes, pixels }) => {
        const { iou, accuracy, aAcc } = metricsOf(areasOf(countedPixels(classes, pixels)));
        iou.forEach((value, k) => {
          if (value !== null) expect(value).toSatisfy((ratio: number) => ratio >= 0 && ratio <= 1);
          if (accuracy[k] !== null) expect(value).toBeLessThanOrEqual(accuracy[k]);
        });
        if (aAcc !== null) expect(aAcc).toSatisfy((ratio: number) => ratio >= 0 && ratio <= 1);
        const inRange = pixels.filter(([, label]) => label < classes);
        const perfect = metricsOf(
          areasOf(
            countedPixels(
              classes,
              inRange.map(([, label]) => [label, label]),
            ),
          ),
        );
        expect(perfect.iou.every((value) => value === null || value === 1)).toBe(true);
        expect(perfect.mIoU).toBe(inRange.length === 0 ? null : 1);
      }),
    );
  });
});

describe('counting', () => {
  it('leaves out classes that occur nowhere, and says so', () => {
    const metrics = metricsOf(areasOf(counted(3, [0, 1], [0, 0])));
    expect(metrics).toEqual({ aAcc: 0.5, mIoU: 0.25, mAcc: 0.5, iou: [0.5, 0, null], accuracy: [0.5, null, null] });
    expect(asPercent(metrics.iou[2])).toBe('-');
  });

  it('has no result where everything is ignored', () => {
    expect(metricsOf(areasOf(counted(2, [0, 1], [255, 255])))).toMatchObject({ aAcc: null, mIoU: null, mAcc: null });
  });

  it('stays exact above 32 bits', () => {
    const total = restoreConfusion({ classes: 2, cells: [0, 2 ** 52 - 1] }, 'a file');
    countPixels(total, [0], [0]);
    expect(total.counts[0]).toBe(2 ** 52);
  });

  it.each([
    ['nothing', null],
    ['a cell without a count', { classes: 2, cells: [1] }],
    ['a cell out of range', { classes: 2, cells: [9, 1] }],
    ['cells out of order', { classes: 2, cells: [3, 1, 3, 1] }],
    ['a negative count', { classes: 2, cells: [0, -1] }],
    ['a broken count', { classes: 2, cells: [0, 1.5] }],
    ['a count that is no exact integer', { classes: 2, cells: [0, 2 ** 60] }],
    ['text for numbers', { classes: 2, cells: ['0', '1'] }],
    ['no classes', { classes: 0, cells: [] }],
  ])('refuses stored counts with %s', (_, stored) => {
    expect(() => restoreConfusion(stored, 'results.json')).toThrow(/expected/);
  });

  it('refuses what does not belong together', () => {
    expect(() => countPixels(emptyConfusion(2), [0], [0, 1])).toThrow(
      'a prediction of 1 pixels was compared with 2 labels',
    );
    expect(() => addConfusion(emptyConfusion(2), emptyConfusion(3))).toThrow(
      'counts of 3 classes were added to counts of 2',
    );
  });
});
