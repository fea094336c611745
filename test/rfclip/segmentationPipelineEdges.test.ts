import { describe, expect, it } from 'vitest';
import type { NormalisedImage } from '../../rfclip/prepareImage.ts';
import { NO_IMAGE_SEMANTICS, type Settings } from '../../rfclip/settings.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { asAdapterClass, evaluate } from '../support/device.ts';
import { publishedMethod } from '../support/methodNames.ts';
import { randomFloats } from '../support/random.ts';
import { TINY_SETTINGS, tinySegmenter, type TinySegmenterParts } from '../support/tinySegmenter.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();
const WHOLE: Settings = { ...TINY_SETTINGS, window: 0 };

function noise(height: number, width: number, seed = 1): NormalisedImage {
  return { data: randomFloats(seed, 3 * height * width, -2, 2), height, width };
}

async function segment(
  image: NormalisedImage,
  parts: TinySegmenterParts,
  outHeight = image.height,
  outWidth = image.width,
) {
  const segmenter = tinySegmenter(tiny, parts);
  try {
    return await segmenter.segment(image, outHeight, outWidth, { probabilities: true, logits: true });
  } finally {
    segmenter.dispose();
  }
}

describe('small images', () => {
  it.each([
    [16, 16],
    [17, 30],
    [16, 64],
    [31, 16],
  ])('of %i x %i pixels, one patch high or wide, are labelled', async (height, width) => {
    const image = noise(height, width);
    for (const settings of [TINY_SETTINGS, WHOLE, { ...WHOLE, pamrSteps: 2, pamrDilations: [1, 8] }]) {
      const { labels, confidence, probabilities } = await segment(image, { settings }, 2 * height + 1, 3);
      expect(labels.length).toBe((2 * height + 1) * 3);
      expect(Math.max(...labels)).toBeLessThan(6);
      expect([...probabilities!, ...confidence].every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(Math.min(...confidence)).toBeGreaterThanOrEqual(1 / 14);
    }
  });

  it('of one patch have the same logits everywhere', async () => {
    const { logits } = await segment(noise(16, 16), { settings: WHOLE });
    // Enlarging one value by weights that add up to 1 but for rounding.
    for (let q = 0; q < 14; q++)
      for (let pixel = 1; pixel < 256; pixel++)
        expect(Math.abs(logits![14 * pixel + q] - logits![q])).toBeLessThan(1e-7);
  });

  it('smaller than a window are taken whole', async () => {
    const image = noise(40, 55);
    const windowed = await segment(image, { settings: TINY_SETTINGS });
    const whole = await segment(image, { settings: WHOLE });
    // The image feature comes from a pass of its own in one case, from the only window in the other.
    expectClose({ actual: windowed.logits!, expected: whole.logits!, tolerance: 2e-6, shape: [40, 55, 14] });
  });

  it('have no more windows at once than WebGPU has workgroups', () => {
    const segmenter = tinySegmenter(tiny);
    const { heads } = tiny.images('tiny_b').config.vision;
    for (const adapterClass of ['software', 'integrated', 'discrete'] as const) {
      const windows = asAdapterClass(tiny.device, adapterClass, () => segmenter.windowsPerBatch(1));
      expect(windows).toBeGreaterThan(1000);
      expect(2 * heads * windows).toBeLessThanOrEqual(65_535);
    }
    segmenter.dispose();
  });

  it('narrower than a window in one direction only are windowed in the other', async () => {
    const segmenter = tinySegmenter(tiny);
    expect(segmenter.plan({ height: 40, width: 130 })).toEqual(
      [0, 32, 64, 66].map((x1) => ({ y1: 0, x1, y2: 40, x2: x1 + 64 })),
    );
    segmenter.dispose();
    const { labels } = await segment(noise(40, 130), {});
    expect(labels.length).toBe(40 * 130);
  });

  it.each<[NormalisedImage, Settings, string]>([
    [noise(15, 40), TINY_SETTINGS, '40x15'],
    [noise(40, 15), WHOLE, '15x40'],
    [noise(1, 1), WHOLE, '1x1'],
    [noise(64, 64), { ...TINY_SETTINGS, window: 15, stride: 8 }, '15x15'],
  ])('without a whole patch are refused, and nothing stays alive', async (image, settings, size) => {
    await expect(segment(image, { settings })).rejects.toMatchObject({
      code: 'RFCLIP-IMAGE-SMALL',
      message: `an image or window of ${size} pixels is smaller than one patch of 16x16`,
    });
    expect(tiny.device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });
});

describe('class lists', () => {
  it('of more than 256 classes keep their labels', async () => {
    const { device } = tiny;
    const method = publishedMethod('naclip');
    const image = noise(32, 48);
    const patches = await evaluate(device, () => method.encode(tiny.images('tiny_b'), tiny.upload(image)).patches);
    // Class 299 is what the last patch looks like, class 257 what the first looks like; the others look like nothing.
    const textFeatures = new Float32Array(300 * 64).map((_, i) => (i % 64 === Math.floor(i / 64) % 64 ? -1 : 0));
    const copyPatch = (n: number, row: number) => {
      const feature = Float32Array.from(patches.slice(64 * n, 64 * (n + 1)));
      const norm = Math.sqrt(feature.reduce((sum, value) => sum + value * value, 0));
      textFeatures.set(
        feature.map((value) => value / norm),
        64 * row,
      );
    };
    copyPatch(0, 257);
    copyPatch(5, 299);
    const words = Array.from({ length: 300 }, (_, i) => [`class ${i}`]);
    const settings: Settings = { ...WHOLE, ...NO_IMAGE_SEMANTICS };
    for (const workingBytes of [undefined, 4 * 300 * 48 * 5]) {
      const { labels, confidence, probabilities } = await segment(image, {
        method,
        words,
        textFeatures,
        settings,
        workingBytes,
      });
      expect([labels[0], labels[labels.length - 1]]).toEqual([257, 299]);
      for (let pixel = 0; pixel < labels.length; pixel += 97)
        expect(confidence[pixel]).toBe(probabilities![300 * pixel + labels[pixel]]);
    }
  });

  it('of one class label every pixel with it, and are sure', async () => {
    const one = { words: [['anything']], textFeatures: Float32Array.from({ length: 64 }, () => 1 / 8) };
    const { labels, confidence } = await segment(noise(40, 70), one);
    expectEqual(labels, new Uint16Array(40 * 70));
    expectEqual(confidence, new Float32Array(40 * 70).fill(1));
  });

  it('whose features have another width are refused', () => {
    expect(() => tinySegmenter(tiny, { textFeatures: new Float32Array(14 * 63) })).toThrow(
      'values do not fill shape [14, 64]',
    );
    expect(tiny.device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });
});

describe('one segmenter', () => {
  it('labels several images at once as it labels each alone', async () => {
    const images = [noise(70, 91, 1), noise(40, 33, 2), noise(64, 64, 3)];
    const segmenter = tinySegmenter(tiny);
    const together = await Promise.all(images.map((image) => segmenter.segment(image, 50, 60)));
    for (const [i, image] of images.entries()) {
      const alone = await segmenter.segment(image, 50, 60);
      expectEqual(together[i].labels, alone.labels);
      expectEqual(together[i].confidence, alone.confidence);
    }
    segmenter.dispose();
  });

  it('returns probabilities and logits only where they are asked for', async () => {
    const segmenter = tinySegmenter(tiny);
    const result = await segmenter.segment(noise(32, 32), 32, 32);
    expect(Object.keys(result).sort()).toEqual(['confidence', 'height', 'labels', 'width']);
    segmenter.dispose();
  });
});
