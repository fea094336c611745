import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import type { RgbImage } from '../../../clip/image/types.ts';
import {
  COMPARISON,
  type EvaluatedImage,
  renderComparison,
  THUMBNAIL,
} from '../../../evaluation/pictures/comparison.ts';
import { comparisonKeys } from '../../../evaluation/pictures/comparisonKeys.ts';
import { drawComparisonLegend } from '../../../evaluation/pictures/comparisonLegend.ts';
import { paintErrors, paintLabels, WRONG } from '../../../evaluation/pictures/comparisonPanels.ts';
import { encodeJpeg } from '../../../pictures/encodeJpeg.ts';
import { vocPalette } from '../../../pictures/palette.ts';
import { resizeLabels } from '../../../pictures/resizeLabels.ts';
import { ShapeError } from '../../../engine/errors.ts';

const NAMES = ['background', 'cat', 'café table'];
const palette = vocPalette(256);
const map = (width: number, height: number, label: (x: number, y: number) => number) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => label(i % width, Math.floor(i / width))),
});
const grey = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(90),
});
const evaluated = (width: number, height: number, changes: Partial<EvaluatedImage> = {}): EvaluatedImage => ({
  id: 'frankfurt/frankfurt_000000_000294_leftImg8bit',
  image: grey(width, height),
  truth: map(width, height, (x) => (x === 0 ? 255 : 1)),
  prediction: map(width, height, (_x, y) => y % 3),
  mIoU: 0.25,
  iou: [0, 0.5, null],
  ...changes,
});
const at = ({ width, data }: RgbImage, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const rgb = (label: number) => [...palette.subarray(label * 3, label * 3 + 3)];

describe('resizeLabels', () => {
  it('takes the nearest label and mixes none', () => {
    expect([
      ...resizeLabels(
        map(5, 2, (x) => x * 10),
        2,
        1,
      ).data,
    ]).toEqual([10, 30]);
    expect([
      ...resizeLabels(
        map(2, 1, (x) => x),
        6,
        2,
      ).data,
    ]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
    const side = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(side, side, side, side, (width, height, toWidth, toHeight) => {
        const few = new Set([3, 250]);
        const resized = resizeLabels(
          map(width, height, (x, y) => ((x * y) % 2 === 0 ? 3 : 250)),
          toWidth,
          toHeight,
        );
        expect(resized.data.length).toBe(toWidth * toHeight);
        expect(resized.data.every((label) => few.has(label))).toBe(true);
      }),
    );
  });
});

describe('panels', () => {
  const [image, truth, prediction] = [grey(3, 1), map(3, 1, (x) => [1, 1, 255][x]), map(3, 1, (x) => [1, 2, 2][x])];

  it('labels have their colours, ignored pixels a hatching where they are to be seen', () => {
    const painted = paintLabels(truth, palette, { scale: 1, hatchIgnored: true });
    expect([at(painted, 0, 0), at(painted, 1, 0)]).toEqual([rgb(1), rgb(1)]);
    const hatched = paintLabels(
      map(9, 9, () => 255),
      palette,
      { scale: 1, hatchIgnored: true },
    );
    expect(new Set(Array.from({ length: 81 }, (_, i) => at(hatched, i % 9, Math.floor(i / 9)).join())).size).toBe(2);
    expect(at(paintLabels(prediction, palette, { scale: 1, hatchIgnored: false }), 2, 0)).toEqual(rgb(2));
  });

  it('errors: dim where right, red where wrong, neutral where ignored', () => {
    const errors = paintErrors(image, truth, prediction, 1);
    expect(at(errors, 0, 0)).toEqual([72, 72, 72]);
    const [red, green, blue] = at(errors, 1, 0);
    expect(red).toBeGreaterThan(150);
    expect(Math.max(green, blue)).toBeLessThan(80);
    expect(at(errors, 2, 0)).toEqual(at(paintLabels(truth, palette, { scale: 1, hatchIgnored: true }), 2, 0));
  });
});

describe('keys', () => {
  it('classes by area, each once, with IoU; then wrong and ignored', () => {
    const { keys, wrong } = comparisonKeys(
      {
        truth: map(4, 1, (x) => [1, 1, 255, 77][x]),
        prediction: map(4, 1, (x) => [1, 0, 2, 0][x]),
        iou: [0, 0.5, null],
      },
      NAMES,
      palette,
      9,
    );
    expect(keys.map(({ name, value }) => [name, value])).toEqual([
      ['cat', '50.00'],
      ['background', '0.00'],
      ['café table', '-'],
      ['label 77, no class', '-'],
      ['wrong', undefined],
      ['ignored', undefined],
    ]);
    expect(keys.map(({ colour }) => colour).slice(-2)).toEqual([WRONG, 'hatched']);
    expect(keys[0].colour).toEqual(rgb(1));
    expect(wrong).toBe(2 / 3);
  });

  it('counts the classes that have no room, and leaves out what does not occur', () => {
    const labels = map(9, 1, (x) => x);
    const { keys, wrong } = comparisonKeys({ truth: labels, prediction: labels, iou: [] }, [], palette, 4);
    expect(keys.map(({ name }) => name)).toEqual([
      'label 0, no class',
      'label 1, no class',
      'label 2, no class',
      'label 3, no class',
      'and 5 more',
    ]);
    expect(wrong).toBe(0);
    expect(
      comparisonKeys({ truth: map(2, 1, () => 255), prediction: map(2, 1, () => 0), iou: [] }, NAMES, palette, 4).wrong,
    ).toBeNull();
  });
});

describe('the legend', () => {
  it('is as wide as asked for and cuts nothing off', () => {
    const ink = (picture: RgbImage) =>
      picture.data.reduce((sum, value, i) => sum + (value === [24, 26, 31][i % 3] ? 0 : 1), 0);
    // Up to 12 letters have room in the narrowest; from 234 font pixels on, longer ones are shortened to the same 24
    // everywhere.
    const widths = fc
      .integer({ min: 150, max: 900 })
      .chain((width) =>
        fc.tuple(fc.constant(width), fc.array(fc.nat(width < 234 ? 12 : 60), { minLength: 1, maxLength: 20 })),
      );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), widths, (scale, [width, lengths]) => {
        const keys = lengths.map((length) => ({
          name: 'M'.repeat(length),
          value: '100.00',
          colour: [255, 0, 0] as const,
        }));
        const legend = drawComparisonLegend(keys, width * scale, scale);
        expect(legend.width).toBe(width * scale);
        expect(ink(legend)).toBe(
          keys.reduce((sum, key) => sum + ink(drawComparisonLegend([key], 300 * scale, scale)), 0),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('renderComparison', () => {
  it.each([
    [1, 1],
    [1, 400],
    [400, 1],
    [60, 90],
    [240, 700],
    [500, 375],
    [2048, 1024],
    [4000, 60],
  ])('%i x %i pixels, large and small', (width, height) => {
    for (const size of [COMPARISON, THUMBNAIL]) {
      const picture = renderComparison(evaluated(width, height), NAMES, palette, size);
      expect(picture.data.length).toBe(picture.width * picture.height * 3);
      expect(picture.width).toBeLessThanOrEqual(4 * Math.max(size.side, 105) + 5 * 8 * 3);
      // A margin all around: nothing is cut off.
      for (let y = 0; y < picture.height; y++)
        expect([at(picture, 0, y), at(picture, picture.width - 1, y)]).toEqual([
          [24, 26, 31],
          [24, 26, 31],
        ]);
      for (let x = 0; x < picture.width; x++)
        expect([at(picture, x, 0), at(picture, x, picture.height - 1)]).toEqual([
          [24, 26, 31],
          [24, 26, 31],
        ]);
    }
  });

  it('panels lie side by side: the same pixel of the image in all four', () => {
    const image = {
      ...grey(200, 100),
      data: Uint8Array.from({ length: 200 * 100 * 3 }, (_, i) => (Math.floor(i / 3) % 200 === 150 ? 255 : 0)),
    };
    const stripe = map(200, 100, (x) => (x === 150 ? 1 : 2));
    const picture = renderComparison(
      evaluated(200, 100, { image, truth: stripe, prediction: map(200, 100, () => 2) }),
      NAMES,
      palette,
      THUMBNAIL,
    );
    const [gap, top] = [8, 8 + 2 * 18 + 50];
    expect([0, 1, 2].map((panel) => at(picture, gap + panel * (200 + gap) + 150, top))).toEqual([
      [255, 255, 255],
      rgb(1),
      rgb(2),
    ]);
    expect(at(picture, gap + 3 * (200 + gap) + 150, top)[0]).toBeGreaterThan(200);
    expect([149, 151].map((x) => at(picture, gap + 3 * (200 + gap) + x, top))).toEqual([
      [36, 36, 36],
      [36, 36, 36],
    ]);
  });

  it('shows an image without labels, and refuses maps of another size', () => {
    const truth = map(30, 20, () => 255);
    expect(() =>
      renderComparison(evaluated(30, 20, { truth, mIoU: null, iou: [null, null, null] }), NAMES, palette, THUMBNAIL),
    ).not.toThrow();
    expect(() =>
      renderComparison(evaluated(30, 20, { truth: map(20, 30, () => 0) }), NAMES, palette, THUMBNAIL),
    ).toThrow(ShapeError);
  });
});

describe('encodeJpeg', () => {
  it('writes what a JPEG decoder reads back', () => {
    const picture = renderComparison(evaluated(60, 40), NAMES, palette, THUMBNAIL);
    const decoded = decodeImage(encodeJpeg(picture, 90), 'thumbnail');
    expect([decoded.width, decoded.height]).toEqual([picture.width, picture.height]);
    const difference =
      decoded.data.reduce((sum, value, i) => sum + Math.abs(value - picture.data[i]), 0) / decoded.data.length;
    expect(difference).toBeLessThan(4);
  });
});
