import { describe, expect, it } from 'vitest';
import { COMPARISON, renderComparison } from '../../evaluation/pictures/comparison.ts';
import { blendLabels } from '../../pictures/blendLabels.ts';
import { OVERLAY_OPACITY, renderOverlay } from '../../pictures/overlay.ts';
import { classPalette } from '../../pictures/palette.ts';
import { seenColours } from '../../pictures/seenColours.ts';

type Picture = { width: number; height: number; data: Uint8Array };
const at = ({ data, width }: Picture, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const [width, height] = [300, 200];
/** Dark on the left, light on the right. */
const image = {
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) % width < 150 ? 40 : 200)),
};
/** Class 2 on the left, class 1 on the right. */
const labels = {
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => (i % width < 150 ? 2 : 1)),
};
const palette = classPalette(4);
/** Of the overlay's legend: 10 from the left, 10 below the picture, a line of 19 each. */
const swatch = (picture: Picture, entry: number) => at(picture, 15, height + 16 + 19 * entry);

describe('seenColours', () => {
  it('mixes every class with the mean below it, and those without pixels with the mean of all', () => {
    const seen = seenColours(image, [labels], palette, 0.5);
    const mixed = (label: number, below: number) =>
      [0, 1, 2].map((channel) => Math.round((palette[label * 3 + channel] + below) / 2));
    expect([...seen]).toEqual([...mixed(0, 120), ...mixed(1, 200), ...mixed(2, 40), ...mixed(3, 120)]);
  });

  it('takes several label maps together', () => {
    const other = { ...labels, data: labels.data.map(() => 1) };
    const seen = seenColours(image, [labels, other], Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
    expect([...seen.subarray(3, 9)]).toEqual([147, 147, 147, 40, 40, 40]);
  });
});

describe('the swatches of a legend', () => {
  it.each([OVERLAY_OPACITY, 0.2, 1])(
    'of an overlay have the colour that the class has in it, opacity %f',
    (opacity) => {
      const overlay = renderOverlay(image, labels, palette, ['a', 'b', 'c'], { opacity });
      const blended = blendLabels(image, labels, palette, opacity);
      // Equally large: the lower index comes first.
      expect(swatch(overlay, 0)).toEqual(at(blended, 250, 50));
      expect(swatch(overlay, 1)).toEqual(at(blended, 20, 50));
      expect(at(overlay, 250, 50)).toEqual(at(blended, 250, 50));
    },
  );

  it('have it over a coloured picture, too, whose own colours do not change it', () => {
    const paint = (colour: readonly number[]) => ({ ...image, data: image.data.map((_, i) => colour[i % 3]) });
    for (const colour of [
      [230, 180, 40],
      [30, 90, 210],
    ]) {
      const overlay = renderOverlay(paint(colour), labels, palette, ['a', 'b', 'c']);
      const grey = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
      const expected = [3, 4, 5].map((k) => Math.round(0.45 * grey + 0.55 * palette[k]));
      expect(at(overlay, 250, 50)).toEqual(expected);
      expect(swatch(overlay, 0)).toEqual(expected);
    }
    expect(blendLabels(paint([230, 180, 40]), labels, palette, 0).data.subarray(0, 3)).toEqual(
      Uint8Array.of(230, 180, 40),
    );
  });

  it('of a comparison have the colour that the class has in its panels', () => {
    const shown = { id: 'a', image, truth: labels, prediction: labels, mIoU: 1, iou: [null, 1, 1, null] };
    const picture = renderComparison(shown, ['a', 'b', 'c'], palette, COMPARISON);
    const below = 8 + 2 * 18 + height + 8 + 18;
    const second = 8 + width + 8;
    expect(at(picture, second + 20, 100)).toEqual([...palette.subarray(6, 9)]);
    expect(at(picture, 8 + 5, below + 6)).toEqual([...palette.subarray(3, 6)]);
  });
});
