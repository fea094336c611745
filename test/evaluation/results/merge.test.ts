import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareResults } from '../../../evaluation/results/comparison.ts';
import { type Extremes, extremesOf, type ImageScore, takeIntoRanking } from '../../../evaluation/results/extremes.ts';
import { formatHtmlReport } from '../../../evaluation/htmlReport/page.ts';
import { scoreImage } from '../../../evaluation/results/imageScore.ts';
import { mergeResults, type NamedResult } from '../../../evaluation/results/merge.ts';
import { formatCsv, formatMarkdown, formatMethodsMarkdown } from '../../../evaluation/results/report.ts';
import { type EvaluationResult, parseResult } from '../../../evaluation/results/result.ts';
import { itemsOfShard } from '../../../evaluation/run/shard.ts';
import { RfclipError } from '../../../engine/errors.ts';
import { entryOf, resultOf, sampleManifest } from '../samples.ts';

const named = (
  images: number,
  count: number,
  indices = Array.from({ length: count }, (_, k) => k + 1),
): NamedResult[] => indices.map((index) => ({ name: `${index}/${count}`, result: resultOf(images, index, count) }));

/** The worst and the best of a shard's images, as a run finds them. */
function extremesOfShard(images: number, index: number, count: number): Extremes {
  const ranking: ImageScore[] = [];
  for (const image of itemsOfShard(
    Array.from({ length: images }, (_, k) => k),
    { index, count },
  )) {
    const { id, mIoU } = scoreImage(entryOf(image));
    takeIntoRanking(ranking, { id, mIoU: mIoU!, thumbnail: `thumbnails/${image}.jpg` });
  }
  return extremesOf(ranking);
}

describe('mergeResults', () => {
  it('any split, in any order, in any grouping, merges to the counts of a single run', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat()),
        fc.nat(8),
        (images, count, random, cut) => {
          const whole = resultOf(images, 1, 1);
          const order = named(images, count).sort(() => (random.next().value % 2) - 0.5);
          const merged = mergeResults(order);
          expect(merged).toMatchObject({ confusion: whole.confusion, metrics: whole.metrics, images: whole.images });
          expect(merged.classes).toEqual(whole.classes);
          const parts = [order.slice(0, cut), order.slice(cut)].filter((part) => part.length > 0);
          const grouped = mergeResults(
            parts.map((part, k) => ({ name: `part ${k}`, result: mergeResults(part, { allowPartial: true }) })),
          );
          expect(grouped.confusion).toEqual(whole.confusion);
          expect(parseResult(JSON.stringify(merged), 'r')).toEqual(merged);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('any split merges to the worst and best images of a single run, which are no part of what must be equal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 5 }), (images, count) => {
        const parts = named(images, count).map(({ name, result }, k) => ({
          name,
          result: { ...result, extremes: extremesOfShard(images, k + 1, count) },
        }));
        expect(mergeResults(parts.reverse()).extremes).toEqual(extremesOfShard(images, 1, 1));
      }),
      { numRuns: 40 },
    );
  });

  it('names all versions, in any order and grouping', () => {
    const parts = ['22.1.0', '20.19.0', '22.1.0'].map((node, k) => ({
      name: `${k}`,
      result: {
        ...resultOf(9, k + 1, 3),
        versions: { rfclip: '1.2.3', node, ...(k === 1 ? { webgpu: '0.4.0' } : {}) },
      },
    }));
    const expected = { rfclip: '1.2.3', node: '20.19.0, 22.1.0', webgpu: '0.4.0' };
    expect(mergeResults(parts).versions).toEqual(expected);
    const half = { name: 'half', result: mergeResults(parts.slice(0, 2), { allowPartial: true }) };
    expect(mergeResults([parts[2], half]).versions).toEqual(expected);
  });

  it('refuses missing shards, unless told', () => {
    expect(() => mergeResults(named(9, 4, [1, 3]))).toThrow(/shards 2, 4 of 4 are missing/);
    expect(() => mergeResults(named(9, 4, [1, 3, 4]))).toThrow(/shard 2 of 4 is missing/);
    expect(mergeResults(named(9, 4, [3, 1]), { allowPartial: true }).shards).toEqual({ count: 4, indices: [1, 3] });
  });

  it('refuses a shard that comes twice', () => {
    expect(() => mergeResults(named(9, 2, [1, 2, 1]), { allowPartial: true })).toThrow(
      /1\/2 and 1\/2 both hold shard 1 of 2/,
    );
  });

  it.each([
    [
      'another checkpoint',
      { model: { ...sampleManifest().model, checkpoint: 'd'.repeat(64) } },
      /the checkpoint \(sha256\) is dddddddddddd and bbbbbbbbbbbb/,
    ],
    [
      'other settings',
      {
        configuration: {
          ...sampleManifest().configuration,
          settings: { ...sampleManifest().configuration.settings, window: 0 },
        },
      },
      /the setting window is 0 and 224/,
    ],
    ['other images', { images: { count: 8, sha256: 'c'.repeat(64) } }, /the number of images is 8 and 7/],
  ])('refuses %s, naming it', (_name, changes, sentence) => {
    expect(() => mergeResults([...named(9, 2, [1]), { name: 'other', result: resultOf(9, 2, 2, changes) }])).toThrow(
      sentence,
    );
  });

  it('refuses shards of different numbers of shards', () => {
    expect(() => mergeResults([...named(9, 2, [1]), ...named(9, 3, [2])])).toThrow(/the number of shards is 3 and 2/);
  });
});

/** Paths of all nodes of a JSON document but its root. */
function pathsOf(node: unknown, path: string[] = []): string[][] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [[...path, key], ...pathsOf(value, [...path, key])]);
}

describe('parseResult', () => {
  it.each(['', '{}', '[]', '{"format":"rfclip-result-1"}'])('refuses %j', (text) =>
    expect(() => parseResult(text, 'some.json')).toThrow(/^some.json is no/),
  );

  it('takes a result that was written before there were worst and best images', () => {
    const { extremes: _, ...old } = resultOf(3, 1, 1);
    expect(parseResult(JSON.stringify(old), 'old.json')).toEqual({ ...old, extremes: { worst: [], best: [] } });
    expect(mergeResults([{ name: 'old', result: parseResult(JSON.stringify(old), 'old.json') }]).extremes).toEqual({
      worst: [],
      best: [],
    });
  });

  it('whatever is changed in a result, it is refused in a sentence or can be merged, compared and shown', () => {
    const places = pathsOf(resultOf(4, 1, 2));
    const foreign = fc.oneof(
      fc.constantFrom(undefined, null, '', 'x', -1, 0, 1.5, 1e300, true, [], {}, [null], { classes: 2 }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), foreign, (place, value) => {
        const changed = structuredClone(resultOf(4, 1, 2)) as unknown as Record<string, unknown>;
        const parent = place.slice(0, -1).reduce((node, key) => node[key] as Record<string, unknown>, changed);
        parent[place.at(-1)!] = value;
        try {
          const result = parseResult(JSON.stringify(changed), 'r.json');
          mergeResults([{ name: 'r', result }], { allowPartial: true });
          compareResults([{ name: 'r', path: 'r', result }]);
          formatHtmlReport(result, new Map());
          formatMarkdown(result);
          formatCsv(result);
        } catch (error) {
          if (!(error instanceof RfclipError))
            throw new Error(`${place.join('.')} = ${JSON.stringify(value)}: ${(error as Error).stack}`);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '../secret.jpg',
    'thumbnails/../../secret.jpg',
    '/etc/passwd',
    'thumbnails/..jpg',
    'thumbnails/a.png',
    'https://host/a.jpg',
  ])('refuses the thumbnail %s', (thumbnail) => {
    const result: EvaluationResult = {
      ...resultOf(3, 1, 1),
      extremes: { worst: [{ id: 'a', mIoU: 0, thumbnail }], best: [] },
    };
    expect(() => parseResult(JSON.stringify(result), 'r.json')).toThrow(
      'r.json is no result of rfclip eval: extremes.worst.0.thumbnail: expected thumbnails/NAME.jpg',
    );
  });
});

describe('reports', () => {
  it('quote what tables would take for a separator', () => {
    const result = resultOf(3, 1, 1);
    expect(formatCsv(result).split('\r\n')[2]).toMatch(/^1,"a, b","a, b, a, bs",0\.\d+/);
    expect(formatMethodsMarkdown([result, result])).toMatch(/^# samples, 3 images\n(.*\n)+\| rfclip \| \d+\.\d\d \|/);
    expect(formatMarkdown(result)).toContain('| the \\| dog | the \\| dog, the \\| dogs |');
  });
});
