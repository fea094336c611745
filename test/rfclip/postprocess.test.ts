import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classesAboveArea, countLabels } from '../../rfclip/postprocess.ts';
import { postprocessOracle, zeroSmallClasses } from '../oracle/postprocess.ts';
import { expectAgreement, openCase, parametersOf, recordedCases } from '../support/reference.ts';

describe('postprocessOracle', () => {
  it.each(recordedCases('segmentor/postprocess/'))('%s equals the published code', (name) => {
    const checks = openCase(name);
    const { query_idx: classOf, logit_scale: scale, prob_thd: threshold } = parametersOf(checks);
    const { probabilities, labels } = postprocessOracle(checks.input('logits').values, classOf, scale, threshold);
    checks.compare('probabilities', probabilities);
    checks.compare('labels', labels);
    expectAgreement(checks, { probabilities: 2e-6, labels: 0 });
  });

  it('a synonym more never lowers its class against another one', () => {
    const logits = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(logits, (values) => {
        const without = postprocessOracle(values.slice(0, 2), [0, 1], 40, 0).probabilities;
        const withSynonym = postprocessOracle([values[0], values[1], values[2]], [0, 1, 1], 40, 0).probabilities;
        expect(withSynonym[1] * without[0]).toBeGreaterThanOrEqual(without[1] * withSynonym[0] * (1 - 1e-12));
      }),
    );
  });
});

describe('zeroSmallClasses', () => {
  it('drops classes that are not above the share of the foreground, whose pixels go to the best class left', () => {
    // Rows: classes; columns: 6 pixels. Argmax 1 1 1 2 0 0; the foreground has 4 pixels, class 2 a quarter of it.
    const probabilities = Float32Array.from([
      0.1,
      0.1,
      0.1,
      0.2,
      0.8,
      0.9, //
      0.7,
      0.8,
      0.9,
      0.3,
      0.1,
      0.1, //
      0.2,
      0.1,
      0.0,
      0.5,
      0.1,
      0.0,
    ]);
    const labels = Uint8Array.of(1, 1, 1, 2, 0, 0);
    expect(Array.from(zeroSmallClasses(probabilities, labels, 3, 0.25, 0))).toEqual([1, 1, 0]);
    expect(Array.from(labels)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(Array.from(probabilities.subarray(12))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('thresholds what is left', () => {
    const labels = Uint8Array.of(1, 2);
    zeroSmallClasses(Float64Array.of(0.1, 0.1, 0.7, 0.2, 0.1, 0.6), labels, 3, 0.5, 0.3);
    expect(Array.from(labels)).toEqual([0, 0]);
    const kept = Uint8Array.of(1, 2);
    zeroSmallClasses(Float64Array.of(0.1, 0.1, 0.7, 0.2, 0.1, 0.6), kept, 3, 0.4, 0.3);
    expect(Array.from(kept)).toEqual([1, 2]);
  });

  it('agrees with the published SCLIP prediction where it was recorded', () => {
    const checks = openCase('segmentor/predict/sclip_area');
    const { area_thd: areaThreshold, prob_thd: threshold } = parametersOf(checks);
    const labels = checks.output('labels');
    const sampled = checks.output('probabilities_every_3rd');
    const [classes, rows, columns] = sampled.shape;
    const pixels = rows * columns;
    const width = labels.shape[1];
    const expected = Array.from(
      { length: pixels },
      (_, at) => labels.values[Math.floor(at / columns) * 3 * width + (at % columns) * 3],
    );
    // Only what the threshold left over was recorded. Its argmax keeps the same classes, and thresholds to the same
    // labels.
    const planes = sampled.values.slice();
    const argmax = Uint8Array.from({ length: pixels }, (_, pixel) => {
      const values = Array.from({ length: classes }, (_, label) => planes[label * pixels + pixel]);
      return values.indexOf(Math.max(...values));
    });
    const kept = zeroSmallClasses(planes, argmax, classes, areaThreshold, threshold);
    expect(planes).toEqual(sampled.values);
    const zeroed = Array.from({ length: classes }, (_, label) =>
      sampled.values.subarray(label * pixels, (label + 1) * pixels).every((value) => value === 0),
    );
    zeroed.forEach((zero, label) => zero && label > 0 && expect(kept[label]).toBe(0));
    expect(zeroed.some(Boolean)).toBe(true);
    expect(Array.from(argmax)).toEqual(expected);
  });

  it('rejects planes and labels that do not fit', () => {
    expect(() => zeroSmallClasses(new Float32Array(5), new Uint8Array(2), 3, 0.1, 0)).toThrow(
      /5 probabilities for 3 classes and 2 pixels, expected 6/,
    );
    expect(() => countLabels(Uint8Array.of(3), 3)).toThrow(/contains 3, expected labels below 3/);
  });
});

describe('classesAboveArea', () => {
  it('compares in float32 as published: a share met exactly is not above it', () => {
    expect(Array.from(classesAboveArea([5, 29, 71], 0.29))).toEqual([1, 0, 1]);
    expect(Array.from(classesAboveArea([0, 0, 10], 0))).toEqual([1, 0, 1]);
    expect(Array.from(classesAboveArea([10, 0, 0], 0.5))).toEqual([1, 0, 0]);
  });

  it('rejects a share outside 0 to 1', () => {
    for (const share of [-0.1, 1.1, NaN]) expect(() => classesAboveArea([1, 2], share)).toThrow(/area threshold/);
  });
});
