import { describe, expect, it } from 'vitest';
import { recordedRfclip } from '../../conformance/cases/rfclipCases.ts';
import type { DenseEncoder } from '../../rfclip/methods/index.ts';
import {
  makeMaskclip,
  findMethod,
  makeNaclip,
  type MethodName,
  plainClip,
  NACLIP_DEFAULTS,
  makeSclip,
} from '../../rfclip/methods/index.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, evaluateAll } from '../support/device.ts';
import { CLIP_ONLY_METHODS, publishedMethod } from '../support/methodNames.ts';
import {
  expectAgreement,
  expectRecorded,
  openCase,
  parametersOf,
  recordedCases,
  recordedPicture,
} from '../support/reference.ts';
import { TraceCollector } from '../support/trace.ts';
import { TINY_DISTRACTION_DIMENSIONS, useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

/** The mask of patches in a mask of all tokens [1, T]. */
function patchMask(mask: ArrayLike<number>): number[] {
  return Array.from(mask).slice(1);
}

describe('RF-CLIP', () => {
  it.each(recordedCases('methods/rfclip/'))('equals the release on %s', async (name) => {
    const checks = await expectRecorded(name, tiny);
    // Masks decide everything after them. The recorded scores stay this far away from their thresholds, a hundred times
    // the error of a score, so masks must be equal.
    const { closest_distractor_value_to_threshold: distraction, closest_sink_score_to_threshold: sink } =
      parametersOf(checks).margins;
    expect(Math.min(distraction, sink)).toBeGreaterThan(2e-4);
  });

  it('equals the release in every step', async () => {
    const checks = await expectRecorded('methods/rfclip/tiny_b/main/vanilla', tiny);
    const steps = Object.keys(checks.reference.outputs).filter((role) => role.includes('/') && !role.endsWith('mask'));
    expect(steps.length).toBe(19);
    for (const role of steps) expect(checks.reference.tolerance).toHaveProperty([role, 'recommended_abs']);
  });

  it('has distraction tokens to repair on the over-activated model and none on the other', async () => {
    const counts: number[][] = [];
    for (const checkpoint of ['tiny_a', 'tiny_b'] as const) {
      const collector = new TraceCollector();
      tiny.device.scope(
        () =>
          void publishedMethod('rfclip', TINY_DISTRACTION_DIMENSIONS).encode(
            tiny.images(checkpoint),
            tiny.upload(recordedPicture('main')),
            collector.trace,
          ),
      );
      const traced = await collector.read();
      counts.push(
        [0, 1, 2, 3].map((layer) =>
          patchMask(traced.get(`layer${layer}/denoise_mask`)!.data).reduce((sum, flag) => sum + flag, 0),
        ),
      );
    }
    expect(counts).toEqual([
      [0, 0, 0, 0],
      [1, 1, 3, 3],
    ]);
  });
});

/** All tokens of a method in the recordings' order, CLS first, of an image that `tiny_b` sees. */
async function tokensOf(method: DenseEncoder, picture: 'main' | 'wide'): Promise<Float32Array> {
  const [patches, cls] = await evaluateAll(tiny.device, () => {
    const features = method.encode(tiny.images('tiny_b'), tiny.upload(recordedPicture(picture)));
    return [features.patches, features.cls];
  });
  return Float32Array.from([...cls, ...patches]);
}

describe('other methods', () => {
  it.each(recordedCases('methods/maskclip/'))('MaskCLIP equals its description on %s', async (name) => {
    await expectRecorded(name, tiny);
  });

  it.each(recordedCases('methods/sclip/'))('SCLIP equals its published code on %s', async (name) => {
    await expectRecorded(name, tiny);
  });

  it.each(recordedCases('methods/naclip/').filter((name) => !name.endsWith('_nonly')))(
    'NACLIP equals its published code on %s',
    async (name) => {
      await expectRecorded(name, tiny);
    },
  );

  it('plain CLIP gives all tokens of the encoder', async () => {
    const checks = openCase('clip/visual/tiny_b/wide');
    checks.compare('tokens_projected', await tokensOf(plainClip, 'wide'));
    expectAgreement(checks);
  });

  it('SCLIP is NACLIP with correlative attention in a whole block', async () => {
    const naclip = makeNaclip({ ...NACLIP_DEFAULTS, strategy: 'csa', architecture: 'full' });
    expectEqual(await tokensOf(naclip, 'main'), await tokensOf(makeSclip(), 'main'));
  });
});

describe('methods by name', () => {
  it.each(CLIP_ONLY_METHODS)('%s describes itself', (name) => {
    const method = findMethod(name);
    expect(method.name).toBe(name);
    expect([method.summary, method.source].every((text) => text.length > 0)).toBe(true);
  });

  it.each<[MethodName, DenseEncoder]>([
    ['rfclip', recordedRfclip(openCase('methods/rfclip/tiny_b/main/vanilla').reference)],
    ['rfclip-refocus', recordedRfclip(openCase('methods/rfclip/tiny_b/main/refocus_t0.1_b0.6').reference)],
    ['naclip', makeNaclip({ strategy: 'naclip', architecture: 'reduced', gaussianDeviation: 5 })],
    ['maskclip', makeMaskclip('reduced')],
  ])('%s has its published parameters', async (name, published) => {
    const run = (method: DenseEncoder) =>
      evaluate(tiny.device, () => method.encode(tiny.images('tiny_b'), tiny.upload(recordedPicture('main'))).patches);
    expectEqual(await run(publishedMethod(name, TINY_DISTRACTION_DIMENSIONS)), await run(published));
  });
});
