import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planWindows } from '../../rfclip/slidingWindow.ts';
import { countCoverage } from '../oracle/slidingWindow.ts';
import { expectRecorded } from '../support/reference.ts';

describe('planWindows', () => {
  it('gives the published windows', async () => {
    const { findings } = await expectRecorded('segmentor/slide_boxes');
    expect(findings).toHaveLength(12);
  });

  it('covers every pixel with windows of one size inside the image', () => {
    const side = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 40 }), fc.nat(), (height, width, crop, seed) => {
        const windows = planWindows(height, width, crop, 1 + (seed % crop));
        for (const { y1, x1, y2, x2 } of windows) {
          expect([y2 - y1, x2 - x1]).toEqual([Math.min(crop, height), Math.min(crop, width)]);
          expect(y1 >= 0 && x1 >= 0 && y2 <= height && x2 <= width).toBe(true);
        }
        const counts = countCoverage(height, width, windows);
        expect(counts.every((count) => count >= 1)).toBe(true);
        const area = windows.reduce((sum, { y1, x1, y2, x2 }) => sum + (y2 - y1) * (x2 - x1), 0);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(area);
        expect(new Set(windows.map((box) => JSON.stringify(box))).size).toBe(windows.length);
      }),
    );
  });

  it('counts overlaps', () => {
    expect(Array.from(countCoverage(2, 5, planWindows(2, 5, 3, 2)))).toEqual([1, 1, 2, 1, 1, 1, 1, 2, 1, 1]);
  });

  it.each([
    [[0, 5, 3, 1], /The height of sliding windows is 0/],
    [[5, 1.5, 3, 1], /The width .* is 1.5/],
    [[5, 5, 0, 1], /The crop .* is 0/],
    [[5, 5, 3, NaN], /The stride .* is NaN/],
    [[5, 5, 3, 4], /stride is 4 with windows of 3 pixels, expected at most 3/],
  ] as const)('rejects %j', ([height, width, crop, stride], message) => {
    expect(() => planWindows(height, width, crop, stride)).toThrow(message);
  });

  it('rejects windows outside the image when counting', () => {
    expect(() => countCoverage(4, 4, [{ y1: 0, x1: 0, y2: 5, x2: 4 }])).toThrow(/outside the image of 4x4/);
  });
});
