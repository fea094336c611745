import { describe, expect, it } from 'vitest';
import { pamrOracle, pamrWeights } from '../oracle/pamr.ts';
import { expectAgreement, openCase, parametersOf, recordedCases } from '../support/reference.ts';

describe('pamrOracle', () => {
  // Twice the recorded difference between the published code in float32 and in float64.
  const tolerance: Record<string, number> = { steps1: 1.7e-6, steps10: 1e-5, small_image: 6.2e-6 };

  it.each(recordedCases('segmentor/pamr/'))('%s equals the published code', (name) => {
    const checks = openCase(name);
    const { num_iter: iterations, dilations } = parametersOf(checks);
    const {
      shape: [, height, width],
      values: image,
    } = checks.input('image');
    const mask = checks.input('mask').values;
    checks.compare('out', pamrOracle({ image, mask, height, width, iterations, dilations }));
    expectAgreement(checks, { out: tolerance[name.split('/')[2]] });
  });

  it('has weights that add up to 1, all equal on a flat image', () => {
    const weights = pamrWeights({
      image: new Float32Array(3 * 4 * 5).fill(0.3),
      height: 4,
      width: 5,
      dilations: [1, 2],
    });
    weights.forEach((weight) => expect(weight).toBeCloseTo(1 / 16, 12));
  });

  it('keeps a constant map and the bounds of any map', () => {
    const image = Float64Array.from({ length: 3 * 30 }, (_, index) => Math.sin(index * index));
    const input = { image, height: 5, width: 6, iterations: 3, dilations: [1] };
    pamrOracle({ ...input, mask: new Float64Array(30).fill(2) }).forEach((value) => expect(value).toBeCloseTo(2, 12));
    pamrOracle({ ...input, mask: Float64Array.from({ length: 30 }, (_, index) => index % 2) }).forEach((value) => {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    });
  });
});
