import { describe, expect, it } from 'vitest';
import type { DenseEncoder } from '../../rfclip/methods/index.ts';
import {
  makeMaskclip,
  findMethod,
  makeNaclip,
  makeRfclip,
  type MethodName,
  plainClip,
  NACLIP_DEFAULTS,
  type NaclipOptions,
  makeSclip,
} from '../../rfclip/methods/index.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate, evaluateAll } from '../support/device.ts';
import { CLIP_ONLY_METHODS, publishedMethod } from '../support/methodNames.ts';
import { openRecordings, type RecordedCase } from '../support/recordings.ts';
import { TINY_DISTRACTION_DIMENSIONS } from '../support/tinyClip.ts';
import { TraceCollector } from '../support/trace.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const recordings = openRecordings('methods', 'methods.safetensors', 'cases.json');
const pictures = openRecordings('clip', 'clip.safetensors', 'cases.json');
const tiny = useTinyClip();

function named(prefix: string): [string, RecordedCase][] {
  return recordings.cases(prefix).map((recorded) => [recorded.name, recorded]);
}

function recordedRfclip({ parameters }: RecordedCase): DenseEncoder {
  return makeRfclip({
    strategy: parameters.strategy,
    distractionDimensions: parameters.sink_channels,
    sigma: parameters.sigma,
    alpha: parameters.alpha,
    sinkThreshold: parameters.threshold,
    sinkKeep: parameters.beta,
    cosineThreshold: parameters.enhance_cosine_threshold,
  });
}

/** The mask of patches in a mask of all tokens [1, T]. */
function patchMask(mask: ArrayLike<number>): number[] {
  return Array.from(mask).slice(1);
}

describe('RF-CLIP', () => {
  it.each(named('rfclip/'))('equals the release on %s', async (_, recorded) => {
    const encoder = tiny.images(recorded.parameters.checkpoint);
    const image = pictures.image(recorded.parameters.image);
    const collector = new TraceCollector();
    const [patches, cls] = await evaluateAll(tiny.device, () => {
      const features = recordedRfclip(recorded).encode(encoder, tiny.upload(image), collector.trace);
      return [features.patches, features.cls];
    });
    const traced = await collector.read();
    // Masks first: where one differs, everything after it does. The recorded scores stay this far away from their
    // thresholds, a hundred times the error of a score, so masks must be equal.
    const { closest_distractor_value_to_threshold: distraction, closest_sink_score_to_threshold: sink } =
      recorded.parameters.margins;
    expect(Math.min(distraction, sink)).toBeGreaterThan(2e-4);
    for (const role of Object.keys(recorded.tensors).filter((name) => name.endsWith('mask'))) {
      const expected = recordings.tensor(recorded, role).data as Uint8Array;
      const { data } = traced.get(role)!;
      expect({ role, mask: role.endsWith('denoise_mask') ? patchMask(data) : Array.from(data) }).toEqual({
        role,
        mask: Array.from(expected),
      });
    }
    expectClose({
      actual: patches,
      expected: recordings.floats(recorded, 'dense'),
      tolerance: recorded.tolerance.dense,
      shape: recordings.tensor(recorded, 'dense').shape,
    });
    expectClose({ actual: cls, expected: recordings.floats(recorded, 'cls'), tolerance: recorded.tolerance.cls });
  });

  it('equals the release in every step', async () => {
    const recorded = recordings.case('rfclip/tiny_b/main/vanilla');
    const collector = new TraceCollector();
    tiny.device.scope(
      () =>
        void recordedRfclip(recorded).encode(
          tiny.images('tiny_b'),
          tiny.upload(pictures.image('main')),
          collector.trace,
        ),
    );
    const traced = await collector.read();
    const steps = Object.keys(recorded.tensors).filter((role) => role.includes('/') && !role.endsWith('mask'));
    expect(steps.length).toBe(19);
    for (const role of steps) {
      const expected = recordings.tensor(recorded, role);
      const { data } = traced.get(role)!;
      const actual = role.endsWith('sink_value') ? patchMask(data) : data;
      expectClose({
        actual,
        expected: expected.data as Float32Array,
        tolerance: recorded.tolerance[role],
        shape: expected.shape,
      });
    }
  });

  it('has distraction tokens to repair on the over-activated model and none on the other', async () => {
    const counts: number[][] = [];
    for (const checkpoint of ['tiny_a', 'tiny_b'] as const) {
      const collector = new TraceCollector();
      tiny.device.scope(
        () =>
          void publishedMethod('rfclip', TINY_DISTRACTION_DIMENSIONS).encode(
            tiny.images(checkpoint),
            tiny.upload(pictures.image('main')),
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

/** All tokens of a method in the recordings' order, CLS first. */
async function tokensOf(method: DenseEncoder, recorded: RecordedCase): Promise<Float32Array> {
  const image = pictures.image(recorded.parameters.image);
  const [patches, cls] = await evaluateAll(tiny.device, () => {
    const features = method.encode(tiny.images(recorded.parameters.checkpoint), tiny.upload(image));
    return [features.patches, features.cls];
  });
  return Float32Array.from([...cls, ...patches]);
}

describe('other methods', () => {
  it.each(named('maskclip/'))('MaskCLIP equals its description on %s', async (_, recorded) => {
    for (const architecture of ['reduced', 'full'] as const) {
      const expected = recordings.tensor(recorded, architecture);
      expectClose({
        actual: await tokensOf(makeMaskclip(architecture), recorded),
        expected: expected.data as Float32Array,
        tolerance: recorded.tolerance[architecture],
        shape: expected.shape,
      });
    }
  });

  it.each(named('sclip/'))('SCLIP equals its published code on %s', async (_, recorded) => {
    const expected = recordings.tensor(recorded, 'tokens_projected');
    expectClose({
      actual: await tokensOf(makeSclip(), recorded),
      expected: expected.data as Float32Array,
      tolerance: recorded.tolerance.tokens_projected,
      shape: expected.shape,
    });
  });

  it.each(named('naclip/'))('NACLIP equals its published code on %s', async (_, recorded) => {
    const { arch, attn_strategy, gaussian_std } = recorded.parameters;
    const method = makeNaclip({
      strategy: attn_strategy as NaclipOptions['strategy'],
      architecture: arch === 'reduced' ? 'reduced' : 'full',
      gaussianDeviation: gaussian_std,
    });
    const expected = recordings.tensor(recorded, 'tokens_projected');
    expectClose({
      actual: await tokensOf(method, recorded),
      expected: expected.data as Float32Array,
      tolerance: recorded.tolerance.tokens_projected,
      shape: expected.shape,
    });
  });

  it('plain CLIP gives all tokens of the encoder', async () => {
    const recorded = pictures.case('visual/tiny_b/wide');
    const expected = pictures.tensor(recorded, 'tokens_projected');
    expectClose({
      actual: await tokensOf(plainClip, recorded),
      expected: expected.data as Float32Array,
      tolerance: recorded.tolerance.tokens_projected,
      shape: expected.shape,
    });
  });

  it('SCLIP is NACLIP with correlative attention in a whole block', async () => {
    const recorded = recordings.case('sclip/tiny_b/main');
    const naclip = makeNaclip({ ...NACLIP_DEFAULTS, strategy: 'csa', architecture: 'full' });
    expectEqual(await tokensOf(naclip, recorded), await tokensOf(makeSclip(), recorded));
  });
});

describe('methods by name', () => {
  it.each(CLIP_ONLY_METHODS)('%s describes itself', (name) => {
    const method = findMethod(name);
    expect(method.name).toBe(name);
    expect([method.summary, method.source].every((text) => text.length > 0)).toBe(true);
  });

  it.each<[MethodName, DenseEncoder]>([
    ['rfclip', recordedRfclip(recordings.case('rfclip/tiny_b/main/vanilla'))],
    ['rfclip-refocus', recordedRfclip(recordings.case('rfclip/tiny_b/main/refocus_t0.1_b0.6'))],
    ['naclip', makeNaclip({ strategy: 'naclip', architecture: 'reduced', gaussianDeviation: 5 })],
    ['maskclip', makeMaskclip('reduced')],
  ])('%s has its published parameters', async (name, published) => {
    const run = (method: DenseEncoder) =>
      evaluate(tiny.device, () => method.encode(tiny.images('tiny_b'), tiny.upload(pictures.image('main'))).patches);
    expectEqual(await run(publishedMethod(name, TINY_DISTRACTION_DIMENSIONS)), await run(published));
  });
});
