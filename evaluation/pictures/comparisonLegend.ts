import type { RgbImage } from '../../clip/image/types.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH } from '../../pictures/bitmapFont.ts';
import { type Colour, newCanvas } from '../../pictures/canvas.ts';
import { drawText, shortenApart, toAscii } from '../../pictures/drawText.ts';
import { drawSwatch, SWATCH } from '../../pictures/swatch.ts';
import { BACKGROUND, FAINT_INK, INK } from '../../pictures/theme.ts';

/** One key of a comparison. */
export interface ComparisonKey {
  name: string;
  /** A few characters after the name. */
  value?: string;
  /** Absent for a line that stands for no colour. */
  colour?: Colour | 'hatched';
}

/** Lengths in font pixels, names in characters. */
const GAP = 6;
const COLUMN_SPACING = 20;
const LINE_SPACING = 5;
const LONGEST_NAME = 24;

/**
 * Draws keys in a grid as wide as fits, row by row: swatch, name, value. Unlike `drawLegend` it has keys that are no
 * class.
 *
 * @param keys at least one
 * @param width in pixels, enough for a swatch and a few characters
 * @param scale side of a font pixel in pixels
 * @returns uint8 `[H,width,3]`, as high as needed, without a margin
 */
export function drawComparisonLegend(keys: readonly ComparisonKey[], width: number, scale: number): RgbImage {
  const available = Math.floor(width / scale);
  const valueLength = Math.max(...keys.map(({ value = '' }) => value.length));
  const fixed = SWATCH + GAP + (valueLength + 1) * GLYPH_WIDTH;
  const nameLength = Math.min(
    LONGEST_NAME,
    Math.max(...keys.map(({ name }) => name.length)),
    Math.floor((available - fixed) / GLYPH_WIDTH),
  );
  const pitch = fixed + nameLength * GLYPH_WIDTH + COLUMN_SPACING;
  const columns = Math.max(1, Math.min(keys.length, Math.floor((available + COLUMN_SPACING) / pitch)));
  const rows = Math.ceil(keys.length / columns);
  const lineHeight = GLYPH_HEIGHT + LINE_SPACING;
  const canvas = newCanvas(width, (rows * lineHeight - LINE_SPACING) * scale, BACKGROUND);
  const names = shortenApart(
    keys.map(({ name }) => toAscii(name)),
    nameLength,
  );
  keys.forEach(({ value = '', colour }, index) => {
    const left = (index % columns) * pitch * scale;
    const top = Math.floor(index / columns) * lineHeight * scale;
    if (colour !== undefined) drawSwatch(canvas, left, top + scale, scale, colour);
    const textLeft = left + (SWATCH + GAP) * scale;
    const shown = names[index];
    drawText(canvas, shown, textLeft, top, scale, colour === undefined ? FAINT_INK : INK);
    drawText(canvas, value, textLeft + (shown.length + 1) * GLYPH_WIDTH * scale, top, scale, FAINT_INK);
  });
  return canvas;
}
