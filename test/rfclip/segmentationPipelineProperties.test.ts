import { describe, expect, it } from 'vitest';
import { clusterTextFeatures } from '../../rfclip/clustering.ts';
import type { DenseEncoder } from '../../rfclip/methods/index.ts';
import { cropWindows } from '../../engine/ops/cropWindows.ts';
import { NO_IMAGE_SEMANTICS, type Settings } from '../../rfclip/settings.ts';
import { planWindows } from '../../rfclip/slidingWindow.ts';
import { adjustForWindow } from '../oracle/hierarchicalPromptOnHost.ts';
import { zeroSmallClasses } from '../oracle/postprocess.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate } from '../support/device.ts';
import { publishedMethod } from '../support/methodNames.ts';
import { recordedPicture } from '../support/reference.ts';
import {
  SYNONYM_WORDS,
  synonymFeatures,
  TINY_SETTINGS,
  tinySegmenter,
  type TinySegmenterParts,
} from '../support/tinySegmenter.ts';
import { TINY_DISTRACTION_DIMENSIONS, useTinyClip } from '../support/useTinyClip.ts';

// 70 x 91: four windows
const image = recordedPicture('size_a');
const tiny = useTinyClip();

/** Logits are cosines; a batch may sum in another order than a window alone. */
const LOGIT_TOLERANCE = 2e-6;

async function segment(parts: TinySegmenterParts, outHeight = image.height, outWidth = image.width) {
  const segmenter = tinySegmenter(tiny, parts);
  try {
    return await segmenter.segment(image, outHeight, outWidth, { probabilities: true, logits: true });
  } finally {
    segmenter.dispose();
  }
}

describe('windows in batches', () => {
  const withoutSemantics: Settings = { ...TINY_SETTINGS, ...NO_IMAGE_SEMANTICS };
  const perWindow: Settings = { ...TINY_SETTINGS, globalPerWindow: true };

  it.each<[string, TinySegmenterParts]>([
    ['semantics of the whole image', {}],
    ['semantics of each window', { settings: perWindow }],
    ['plain similarities', { settings: withoutSemantics, method: publishedMethod('naclip') }],
  ])('give the same logits whatever their size: %s', async (_, parts) => {
    const all = await segment({ ...parts, windowsPerBatch: 100 });
    for (const windowsPerBatch of [1, 2, 3]) {
      const { logits } = await segment({ ...parts, windowsPerBatch });
      expectClose({
        actual: logits!,
        expected: all.logits!,
        tolerance: LOGIT_TOLERANCE,
        shape: [image.height, image.width, 14],
      });
    }
  });

  it('are as large as memory allows, at least one', () => {
    const segmenter = tinySegmenter(tiny);
    const small = tinySegmenter(tiny, { workingBytes: 1 });
    // 17 tokens of 512 hidden channels are the largest tensor of a window of 16 patches: 34 KiB, against 48 KiB of its
    // pixels.
    const larger = tinySegmenter(tiny, { workingBytes: 3 * 48 * 1024 });
    expect([segmenter.windowsPerBatch(16) > 100, small.windowsPerBatch(16), larger.windowsPerBatch(16)]).toEqual([
      true,
      1,
      3,
    ]);
    for (const made of [segmenter, small, larger]) made.dispose();
  });

  it('need few submits', async () => {
    const { recorder } = tiny.device;
    const count = async (windowsPerBatch: number) => {
      const segmenter = tinySegmenter(tiny, { windowsPerBatch });
      const before = recorder.submits;
      await segmenter.segment(image, image.height, image.width);
      segmenter.dispose();
      return recorder.submits - before;
    };
    expect(await count(4)).toBeLessThanOrEqual(4);
    expect(await count(1)).toBeLessThanOrEqual(4 * 4);
  });
});

describe('bands of the output and blocks of queries', () => {
  const pamr = { pamrSteps: 3, pamrDilations: [1, 4] };
  it.each<[string, Partial<Settings>, number, number]>([
    ['at the size of the network', {}, 70, 91],
    ['larger than it', {}, 97, 133],
    ['smaller than it', {}, 31, 40],
    ['refined, at the size of the network', pamr, 70, 91],
    ['refined and larger', pamr, 80, 93],
    ['with a threshold of area', { areaThreshold: 0.1, probabilityThreshold: 0.2 }, 75, 91],
  ])('change nothing %s', async (_, change, outHeight, outWidth) => {
    const settings = { ...TINY_SETTINGS, ...change };
    const whole = await segment({ settings, windowsPerBatch: 4 }, outHeight, outWidth);
    const rowBytes = 4 * 14 * outWidth;
    // One row, three rows, a little less than all rows; with refinement: one query, three queries, nearly all.
    for (const workingBytes of settings.pamrSteps === 0
      ? [1, 3 * rowBytes, (outHeight - 1) * rowBytes]
      : [1, 3 * 4 * outHeight * outWidth, 13 * 4 * outHeight * outWidth]) {
      const parts = await segment({ settings, workingBytes, windowsPerBatch: 4 }, outHeight, outWidth);
      expectEqual(parts.labels, whole.labels, [outHeight, outWidth]);
      // exp may be evaluated in other lanes of a vector, which some adapters round differently.
      expectClose({
        actual: parts.probabilities!,
        expected: whole.probabilities!,
        tolerance: 1e-6,
        shape: [outHeight, outWidth, 6],
      });
      expectClose({
        actual: parts.confidence,
        expected: whole.confidence,
        tolerance: 1e-6,
        shape: [outHeight, outWidth],
      });
    }
  });
});

describe('the threshold of area', () => {
  // At 0.31 it drops class 2 and keeps class 4; among pixels above a probability of 0.5 it would be the other way
  // round.
  it.each([
    [0.02, 0],
    [0.31, 0.1],
    [0.31, 0.5],
    [1, 0],
  ])(
    'of %d, with a threshold of probability of %d, does what it does on the host',
    async (areaThreshold, probabilityThreshold) => {
      const settings = { ...TINY_SETTINGS, probabilityThreshold: 0 };
      const { labels, probabilities } = await segment({ checkpoint: 'tiny_a', settings });
      const planes = Float32Array.from(
        { length: 6 * labels.length },
        (_, i) => probabilities![(i % labels.length) * 6 + Math.floor(i / labels.length)],
      );
      zeroSmallClasses(planes, labels, 6, areaThreshold, Math.fround(probabilityThreshold));
      const actual = await segment({
        checkpoint: 'tiny_a',
        settings: { ...settings, areaThreshold, probabilityThreshold },
      });
      expectEqual(actual.labels, labels, [image.height, image.width]);
    },
  );
});

describe('a synonym', () => {
  /**
   * The published probabilities are a softmax over all queries, so another query takes mass from every class, its own
   * included: "adding a synonym never lowers its class" does not hold for them. What holds, without clusters of words,
   * is that the best logit of its class cannot fall, that no other logit changes, and so that a pixel can only change
   * TO its class.
   */
  const settings: Settings = { ...TINY_SETTINGS, ...NO_IMAGE_SEMANTICS };

  it.each([0, 3, 4])('of class %i only adds to its class', async (classIndex) => {
    const dropped = SYNONYM_WORDS.slice(0, classIndex).flat().length + SYNONYM_WORDS[classIndex].length - 1;
    const fewer = await segment({
      settings,
      words: SYNONYM_WORDS.map((words, index) => (index === classIndex ? words.slice(0, -1) : words)),
      textFeatures: synonymFeatures().filter((_, i) => Math.floor(i / 64) !== dropped),
    });
    const more = await segment({ settings });
    const kept = more.logits!.filter((_, i) => i % 14 !== dropped);
    expectClose({
      actual: kept,
      expected: fewer.logits!,
      tolerance: LOGIT_TOLERANCE,
      shape: [image.height, image.width, 13],
    });
    let lowered = 0;
    for (let pixel = 0; pixel < more.labels.length; pixel++) {
      if (more.labels[pixel] !== fewer.labels[pixel]) expect(more.labels[pixel]).toBe(classIndex);
      if (more.probabilities![6 * pixel + classIndex] < fewer.probabilities![6 * pixel + classIndex]) lowered++;
    }
    expect(lowered).toBeGreaterThan(0);
  });
});

describe('the similarity of the whole image', () => {
  it('is computed once and equals what each window would compute for itself', async () => {
    const rfclip = publishedMethod('rfclip', TINY_DISTRACTION_DIMENSIONS);
    let calls = 0;
    const counted: DenseEncoder = {
      ...rfclip,
      encodeClass: (encoder, images) => (calls++, rfclip.encodeClass(encoder, images)),
    };
    const segmenter = tinySegmenter(tiny, { method: counted, windowsPerBatch: 2 });
    const actual = await evaluate(tiny.device, () => segmenter.windowLogits(image).maps);
    segmenter.dispose();
    expect(calls).toBe(1);

    const { device } = tiny;
    const encoder = tiny.images('tiny_b');
    const text = synonymFeatures();
    const { clusterThreshold, meanVectorWeight, globalWeight } = TINY_SETTINGS;
    const clusters = clusterTextFeatures(text, 14, 64, clusterThreshold);
    const boxes = planWindows(image.height, image.width, 64, 32);
    for (const [window, box] of boxes.entries()) {
      const cls = unit(await evaluate(device, () => rfclip.encodeClass(encoder, tiny.upload(image))));
      const patches = await evaluate(device, () => {
        const corners = device.tensor([box.y1, box.x1], [1, 2], 'u32');
        return rfclip.encode(encoder, cropWindows(tiny.upload(image), corners, { height: 64, width: 64 })).patches;
      });
      const features = Float32Array.from(
        Array.from({ length: 16 }, (_, n) => unit(patches.subarray(64 * n, 64 * (n + 1)))).flatMap((row) => [...row]),
      );
      const globalSimilarity = Float32Array.from({ length: 14 }, (_, q) =>
        dot(cls, text.subarray(64 * q, 64 * (q + 1))),
      );
      const adjusted = adjustForWindow({
        textFeatures: text,
        clusters,
        globalSimilarity,
        patchFeatures: features,
        width: 64,
        meanVectorWeight,
      });
      const expected = Float32Array.from({ length: 16 * 14 }, (_, i) => {
        const [n, q] = [Math.floor(i / 14), i % 14];
        return (
          (1 - globalWeight) * dot(features.subarray(64 * n, 64 * (n + 1)), adjusted.subarray(64 * q, 64 * (q + 1))) +
          globalWeight * globalSimilarity[q]
        );
      });
      // The features come from batches of other sizes (1e-5 of values up to 5, before they are normalised).
      expectClose({
        actual: actual.subarray(window * 16 * 14, (window + 1) * 16 * 14),
        expected,
        tolerance: 5e-6,
        shape: [16, 14],
      });
    }
    expect(boxes.length).toBe(4);
  });
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function unit(vector: ArrayLike<number>): Float32Array {
  const norm = Math.sqrt(dot(vector, vector));
  return Float32Array.from(vector, (value) => value / norm);
}
