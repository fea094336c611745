import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Extremes,
  extremesOf,
  type ImageScore,
  mergeExtremes,
  takeIntoRanking,
} from '../../../evaluation/results/extremes.ts';

/** Few scores, so that many are equal and ids decide; ids whose order by code units is not that of a locale. */
const scores = fc
  .uniqueArray(
    fc.record({
      id: fc.string({ unit: fc.constantFrom('a', 'B', '_', 'é', '/'), maxLength: 4 }),
      mIoU: fc.constantFrom(0, 0.1, 0.25, 0.5, 1),
    }),
    { selector: ({ id }) => id, maxLength: 40 },
  )
  .map((list): ImageScore[] => list.map((score) => ({ ...score, thumbnail: `thumbnails/${score.id}` })));
const perSide = fc.integer({ min: 1, max: 8 });

const rank = (images: readonly ImageScore[], most: number) => {
  const ranking: ImageScore[] = [];
  for (const image of images) takeIntoRanking(ranking, image, most);
  return ranking;
};
const sorted = (images: readonly ImageScore[]) => [...images].sort((a, b) => a.mIoU - b.mIoU || (a.id < b.id ? -1 : 1));

describe('the ranking of images', () => {
  it('holds the first and the last of all images, worst to best, ids deciding between equal scores', () => {
    fc.assert(
      fc.property(scores, perSide, (images, most) => {
        const all = sorted(images);
        expect(rank(images, most)).toEqual(all.length <= 2 * most ? all : [...all.slice(0, most), ...all.slice(-most)]);
      }),
    );
  });

  it(
    'an image that is in it at the end was never pushed out: files written on entering and deleted on leaving are ' +
      'those of the end',
    () => {
      fc.assert(
        fc.property(scores, perSide, (images, most) => {
          const ranking: ImageScore[] = [];
          const files = new Set<string>();
          for (const image of images) {
            const lost = takeIntoRanking(ranking, image, most);
            if (lost !== image) files.add(image.id);
            if (lost !== undefined && lost !== image) expect(files.delete(lost.id)).toBe(true);
            expect(files).toEqual(new Set(ranking.map(({ id }) => id)));
          }
        }),
      );
    },
  );

  it('splits into lists that share no image', () => {
    const ids = (extremes: Extremes) =>
      [extremes.worst, extremes.best].map((list) => list.map(({ id }) => id).join(''));
    const images = [...'abcdefg'].map((id, k) => ({ id, mIoU: k / 10, thumbnail: null }));
    expect([0, 1, 2, 3, 6, 7].map((count) => ids(extremesOf(rank(images.slice(0, count), 3))))).toEqual([
      ['', ''],
      ['a', ''],
      ['a', 'b'],
      ['ab', 'c'],
      ['abc', 'fed'],
      ['abc', 'gfe'],
    ]);
  });

  it('of parts merges to that of the whole, in any order and grouping', () => {
    fc.assert(
      fc.property(scores, perSide, fc.integer({ min: 1, max: 5 }), fc.nat(5), (images, most, count, cut) => {
        const whole = extremesOf(rank(images, most));
        const parts = Array.from({ length: count }, (_, shard) =>
          extremesOf(
            rank(
              images.filter((_image, k) => k % count === shard),
              most,
            ),
          ),
        );
        expect(mergeExtremes(parts, most)).toEqual(whole);
        expect(mergeExtremes([mergeExtremes(parts.slice(cut), most), ...parts.slice(0, cut).reverse()], most)).toEqual(
          whole,
        );
      }),
    );
  });
});
