import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NetworkImage } from '../../rfclip/networkImage.ts';
import { NO_IMAGE_SEMANTICS, type Settings } from '../../rfclip/settings.ts';
import { expectEqual } from '../support/compare.ts';
import { CLIP_ONLY_METHODS, publishedMethod } from '../support/methodNames.ts';
import { randomFloats, randomIntegers, seeds } from '../support/random.ts';
import { TINY_SETTINGS, tinySegmenter, type TinySegmenterParts } from '../support/tinySegmenter.ts';
import { TINY_DISTRACTION_DIMENSIONS, useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

function picture(seed: number, height: number, width: number): NetworkImage {
  return { height, width, data: Uint8Array.from(randomIntegers(seed, 3 * height * width, 256)) };
}

/** Segments images at once or one after another, and counts the launches. */
async function segmentAll(parts: TinySegmenterParts, images: readonly NetworkImage[], atOnce: boolean) {
  const { recorder } = tiny.device;
  const segmenter = tinySegmenter(tiny, parts);
  const before = recorder.dispatches;
  const segment = (image: NetworkImage) =>
    segmenter.segment(image, image.height, image.width, { probabilities: true, logits: true });
  const results = [];
  try {
    if (atOnce) results.push(...(await Promise.all(images.map(segment))));
    else for (const image of images) results.push(await segment(image));
  } finally {
    segmenter.dispose();
  }
  return { results, dispatches: recorder.dispatches - before };
}

async function expectSame(parts: TinySegmenterParts, images: readonly NetworkImage[]): Promise<number> {
  const alone = await segmentAll(parts, images, false);
  const together = await segmentAll(parts, images, true);
  for (const [i, { labels, confidence, probabilities, logits }] of together.results.entries()) {
    expectEqual(labels, alone.results[i].labels);
    expectEqual(confidence, alone.results[i].confidence);
    expectEqual(probabilities!, alone.results[i].probabilities!);
    expectEqual(logits!, alone.results[i].logits!);
  }
  return alone.dispatches - together.dispatches;
}

describe('images that go through the network together', () => {
  const perWindow = { globalPerWindow: true };
  it.each<[string, Partial<Settings>]>([
    ...CLIP_ONLY_METHODS.map((name): [string, Partial<Settings>] => [name, {}]),
    ['rfclip', perWindow],
    ['rfclip', { window: 0 }],
    ['rfclip-paper', { window: 0 }],
    ['naclip', { ...NO_IMAGE_SEMANTICS, window: 0, pamrSteps: 2 }],
    ['sclip', { ...NO_IMAGE_SEMANTICS, areaThreshold: 0.1 }],
  ])('give to the bit what each gives alone: %s, %j', async (name, changes) => {
    const method = publishedMethod(name as (typeof CLIP_ONLY_METHODS)[number], TINY_DISTRACTION_DIMENSIONS);
    const settings = { ...TINY_SETTINGS, ...changes };
    const images = [1, 2, 3, 4].map((seed) => picture(seed, 64, 91));
    const saved = await expectSame({ method, settings, imagesTogether: 2 }, images);
    // Two go alone, because the device has nothing else to do; the other two share their launches.
    expect(saved).toBeGreaterThan(20);
  });

  it('do so for any sizes and however many may go together', async () => {
    const sides = fc.constantFrom(32, 49, 64, 80);
    const images = fc.array(fc.tuple(sides, sides, seeds), { minLength: 3, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(images, fc.integer({ min: 2, max: 4 }), fc.boolean(), async (list, imagesTogether, whole) => {
        const settings = { ...TINY_SETTINGS, ...(whole ? { window: 0 } : {}) };
        await expectSame(
          { settings, imagesTogether },
          list.map(([height, width, seed]) => picture(seed, height, width)),
        );
      }),
      { numRuns: 3 },
    );
  });

  it('may be pixels or normalised values, which do not mix', async () => {
    const values = (seed: number) => ({ height: 48, width: 64, data: randomFloats(seed, 3 * 48 * 64, -2, 2) });
    const images = [1, 2, 3, 4, 5, 6].map((seed) => (seed % 2 === 0 ? values(seed) : picture(seed, 48, 64)));
    await expectSame({ imagesTogether: 2 }, images);
  });

  it('fail one by one: neighbours of a broken image get what they get without it', async () => {
    const images = [1, 2, 3, 4, 5].map((seed) => picture(seed, 48, 64));
    const broken = { height: 48, width: 64, data: new Uint8Array(12) };
    const segmenter = tinySegmenter(tiny, { imagesTogether: 4 });
    try {
      const queue = [...images.slice(0, 3), broken, ...images.slice(3)];
      const outcomes = await Promise.allSettled(queue.map((image) => segmenter.segment(image, 48, 64)));
      expect(outcomes.map(({ status }) => status)).toEqual(
        queue.map((image) => (image === broken ? 'rejected' : 'fulfilled')),
      );
      const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.labels] : []));
      for (const [i, image] of images.entries()) expectEqual(found[i], (await segmenter.segment(image, 48, 64)).labels);
    } finally {
      segmenter.dispose();
    }
  });

  it('are as many as memory allows, and one of a method that does not say that it keeps images apart', () => {
    const segmenter = tinySegmenter(tiny, { imagesTogether: 3 });
    const few = tinySegmenter(tiny, { imagesTogether: 8, windowsPerBatch: 9 });
    const byDefault = tinySegmenter(tiny);
    const { encode, encodeClass } = publishedMethod('clip');
    const unknown = tinySegmenter(tiny, { imagesTogether: 3, method: { encode, encodeClass } });
    const size = { height: 70, width: 91 };
    const counts = [segmenter, few, byDefault, unknown].map((one) => one.imagesTogether(size));
    expect(counts).toEqual([3, 2, 1, 1]);
    expect(() => segmenter.imagesTogether({ height: 8, width: 64 })).toThrow('smaller than one patch');
    for (const made of [segmenter, few, byDefault, unknown]) made.dispose();
  });
});
