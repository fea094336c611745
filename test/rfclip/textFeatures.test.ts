import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateSets } from '../../clip/promptTemplates.ts';
import { openTextFeatureCache, type TextFeatureCache } from '../../clip/textFeatureCache.ts';
import { ClassListError } from '../../rfclip/classes.ts';
import { encodeWords, type TextFeatureSource } from '../../rfclip/textFeatures.ts';
import { publishedTokenizer } from '../../tokenizer/index.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { scarceMemory } from '../support/scarceMemory.ts';
import { expectRecorded, openCase, parametersOf, recordedCases } from '../support/reference.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const LISTS = recordedCases('segmentor/text_features/');
const WORDS = [...new Set(LISTS.flatMap((name): string[] => parametersOf(openCase(name)).query_words))];
const E = 64;
/** Features have length 1; a batch of other prompts may sum in another order. */
const TOLERANCE = 1e-6;

const tiny = useTinyClip();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-features-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function source(cache?: TextFeatureCache, templates = templateSets.imagenet80): TextFeatureSource {
  return { encoder: tiny.texts, tokenizer: publishedTokenizer(), templates, cache };
}

function row(features: Float32Array, index: number): Float32Array {
  return features.subarray(index * E, (index + 1) * E);
}

describe('encodeWords', () => {
  it.each(LISTS)('equals the published classifier of %s', async (name) => {
    // The recording's own float32 is up to 9e-7 from float64; this allows for another order of summation.
    await expectRecorded(name, tiny, { query_features: 2e-5 });
  });

  it('gives a word the same feature in any batch, and reports batches', async () => {
    const progress: [number, number][] = [];
    const together = await encodeWords(WORDS, source(), (done, all) => progress.push([done, all]));
    // 23 words of 80 prompts each are more than one batch of this model.
    expect(progress).toEqual([
      [20, 23],
      [23, 23],
    ]);
    const reversed = await encodeWords([...WORDS].reverse(), source());
    for (const [i, word] of WORDS.entries()) {
      expectClose({ actual: row(reversed, WORDS.length - 1 - i), expected: row(together, i), tolerance: TOLERANCE });
      if (i % 6 === 0)
        expectClose({ actual: await encodeWords([word], source()), expected: row(together, i), tolerance: TOLERANCE });
    }
    expect(tiny.device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });

  it('takes smaller batches where memory runs out', async () => {
    const { device } = tiny;
    const words = WORDS.slice(0, 8);
    const together = await encodeWords(words, source());
    const progress: number[] = [];
    device.pool.trim(0);
    // Eight words of 80 prompts take 10 to 20 MB, two a quarter of it.
    const scarce = scarceMemory(device, (bytes) => bytes > 5e6);
    try {
      const apart = await encodeWords(words, source(), (done) => progress.push(done));
      expectClose({ actual: apart, expected: together, tolerance: TOLERANCE });
    } finally {
      scarce.end();
    }
    expect(scarce.refusals).toBeGreaterThan(0);
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toBe(8);
    expect(device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });

  it('returns rows of length 1, one per word as asked, repeated words included', async () => {
    const features = await encodeWords(['cat', 'dog', 'cat', 'wood ', 'wood'], source());
    expect(features.length).toBe(5 * E);
    for (let i = 0; i < 5; i++) expect(Math.hypot(...row(features, i))).toBeCloseTo(1, 6);
    expectEqual(row(features, 2), row(features, 0));
    // The tokenizer drops outer spaces.
    expectClose({ actual: row(features, 4), expected: row(features, 3), tolerance: TOLERANCE });
    expect(await encodeWords([], source())).toEqual(new Float32Array(0));
  });

  it('takes from the cache what is there, bit by bit, and encodes only the rest', async () => {
    const key = {
      checkpointSha256: 'ab'.repeat(32),
      templateSetId: templateSets.single.id,
      tokenizerVersion: '1',
      width: E,
    };
    const cache = openTextFeatureCache(key, folder);
    const progress: [number, number][] = [];
    const record = (done: number, all: number) => void progress.push([done, all]);
    const uncached = await encodeWords(['cat', 'dog', 'bird'], source(undefined, templateSets.single));
    const first = await encodeWords(['cat', 'dog'], source(cache, templateSets.single), record);
    const second = await encodeWords(['dog', 'bird', 'cat'], source(cache, templateSets.single), record);
    const third = await encodeWords(
      ['bird', 'cat', 'dog'],
      source(openTextFeatureCache(key, folder), templateSets.single),
      record,
    );
    expect(progress).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expectEqual(row(second, 0), row(first, 1));
    expectEqual(row(second, 2), row(first, 0));
    expectEqual(third, [...row(second, 1), ...row(first, 0), ...row(first, 1)]);
    expectClose({
      actual: [...row(first, 0), ...row(first, 1), ...row(second, 1)],
      expected: uncached,
      tolerance: TOLERANCE,
    });
  });

  it('does not mix up template sets', async () => {
    const [all, one] = [
      await encodeWords(['cat'], source()),
      await encodeWords(['cat'], source(undefined, templateSets.single)),
    ];
    expect(all.reduce((sum, value, i) => sum + value * one[i], 0)).toBeLessThan(0.999);
  });

  it('says which class name is too long, before anything is encoded', async () => {
    const long = 'road '.repeat(72);
    const dispatches = tiny.device.recorder.dispatches;
    const error = await encodeWords(['cat', long], source()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ClassListError);
    expect((error as ClassListError).message).toBe(
      `the class name "${long.slice(0, 40)}..." has 72 tokens, which do not fit the text context of 77 together ` +
        `with a prompt such as "${templateSets.imagenet80.templates[0]}"`,
    );
    expect(tiny.device.recorder.dispatches).toBe(dispatches);
  });
});
