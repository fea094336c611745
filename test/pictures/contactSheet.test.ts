import { describe, expect, it } from 'vitest';
import { newCanvas } from '../../pictures/canvas.ts';
import { contactSheet } from '../../pictures/contactSheet.ts';
import { legendEntries } from '../../pictures/legend.ts';
import { classPalette } from '../../pictures/palette.ts';
import { BACKGROUND } from '../../pictures/theme.ts';

type Picture = { width: number; height: number; data: Uint8Array };
const PAINT = [250, 10, 10] as const;
const picture = (width: number, height: number) => newCanvas(width, height, PAINT);
const legend = (count: number, length = 6) =>
  Array.from({ length: count }, (_, index) => ({ name: `${index}`.padEnd(length, 'x'), colour: [0, 200, 0] as const }));
const sheetOf = (count: number, { width, height, entries = 4, length = 6 }: Record<string, number>) =>
  contactSheet(
    Array.from({ length: count }, (_, index) => ({ caption: `method-${index}`, picture: picture(width, height) })),
    { title: 'folder/image.jpg', legend: legend(entries, length) },
  );
const isEqual = (data: Uint8Array, at: number, colour: readonly number[]) =>
  colour.every((level, channel) => data[at + channel] === level);

/** Whether a rectangle is nothing but background. */
function isEmpty({ data, width }: Picture, left: number, top: number, right: number, bottom: number): boolean {
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) if (!isEqual(data, (y * width + x) * 3, BACKGROUND)) return false;
  return true;
}

/** Pixels of a colour. */
function areaOf({ data }: Picture, colour: readonly number[]): number {
  let area = 0;
  for (let at = 0; at < data.length; at += 3) if (isEqual(data, at, colour)) area++;
  return area;
}

/** Just below the lowest pixel of a colour. */
function lastRowOf({ data, width }: Picture, colour: readonly number[]): number {
  let at = data.length - 3;
  while (!isEqual(data, at, colour)) at -= 3;
  return Math.floor(at / 3 / width) + 1;
}

describe('a contact sheet', () => {
  it.each([
    [300, 200],
    [480, 40],
    [40, 480],
    [16, 16],
  ])('of pictures of %i x %i has all of them, the legend, and no empty cell', (width, height) => {
    for (const count of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
      for (const entries of [1, 5, 30]) {
        const sheet = sheetOf(count, { width, height, entries });
        expect(areaOf(sheet, PAINT)).toBe(count * width * height);
        expect(areaOf(sheet, [0, 200, 0])).toBe(entries * 81);
        // At the right end of the last row of pictures is one, or the legend.
        const left = Math.max(0, sheet.width - Math.max(width, 200) - 8);
        const bottom = lastRowOf(sheet, PAINT);
        expect(isEmpty(sheet, left, bottom - height, sheet.width, bottom)).toBe(false);
        // Nothing touches the border.
        expect(isEmpty(sheet, 0, 0, sheet.width, 5)).toBe(true);
        expect(isEmpty(sheet, 0, 0, 5, sheet.height)).toBe(true);
        expect(isEmpty(sheet, 0, sheet.height - 5, sheet.width, sheet.height)).toBe(true);
        expect(isEmpty(sheet, sheet.width - 5, 0, sheet.width, sheet.height)).toBe(true);
      }
  });

  it('of eight pictures has its legend in the ninth cell, and of nine below', () => {
    const [eight, nine] = [8, 9].map((count) => sheetOf(count, { width: 300, height: 200 }));
    expect(eight.width).toBe(nine.width);
    expect(nine.height).toBeGreaterThan(eight.height);
    expect(eight.width).toBe(3 * (300 + 8) + 8);
  });

  it('keeps long names, captions and scores apart', () => {
    const value = 'mIoU 100.00 %';
    const entry = { caption: 'a'.repeat(60), value, picture: picture(200, 100) };
    const sheet = contactSheet([entry, entry], { title: 'b'.repeat(900), legend: legend(3, 90) });
    const [line, captionWidth] = [8 + 17 + 4, 28 * 7];
    // Between the cut caption and the score lie two characters.
    const scoreLeft = 8 + captionWidth - value.length * 7;
    expect(isEmpty(sheet, scoreLeft - 14, line, scoreLeft, line + 13)).toBe(true);
    // And two behind it, before the next.
    expect(isEmpty(sheet, 8 + captionWidth, line, 8 + captionWidth + 14, line + 13)).toBe(true);
    expect(isEmpty(sheet, scoreLeft, line, scoreLeft + value.length * 7, line + 13)).toBe(false);
    expect(isEmpty(sheet, sheet.width - 8, 0, sheet.width, sheet.height)).toBe(true);
  });

  it('needs no legend and no title, but a picture', () => {
    const sheet = contactSheet([{ caption: '', picture: picture(1000, 500) }]);
    expect([sheet.width, sheet.height]).toEqual([480 + 16, 240 + 17 + 16]);
    expect(() => contactSheet([])).toThrow(RangeError);
  });
});

describe('the legend of several label maps', () => {
  it('counts them together, with the label of each', () => {
    const map = (...labels: number[]) => ({ width: labels.length, height: 1, data: Uint8Array.from(labels) });
    const entries = legendEntries([map(0, 1), map(1, 2)], classPalette(3), ['a', 'b', 'c']);
    expect(entries.map(({ label, name, share }) => [label, name, share])).toEqual([
      [1, 'b', 0.5],
      [0, 'a', 0.25],
      [2, 'c', 0.25],
    ]);
  });
});
