import type { RgbImage } from '../clip/image/types.ts';
import { resizeBilinear } from '../clip/image/resizeBilinear.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH } from './bitmapFont.ts';
import { newCanvas, pastePicture } from './canvas.ts';
import { drawText, shorten, toAscii } from './drawText.ts';
import { drawLegend, type LegendEntry, smallestLegendWidth } from './legend.ts';
import { BACKGROUND, FAINT_INK, INK } from './theme.ts';

/** A picture of a contact sheet and the line above it. */
export interface SheetEntry {
  caption: string;
  /** At the right end of the caption's line, such as a score. */
  value?: string;
  picture: RgbImage;
}

/** What a contact sheet has besides its pictures. */
export interface SheetOptions {
  /** A line above all. */
  title?: string;
  /** What the colours stand for, largest first. */
  legend?: readonly LegendEntry[];
}

/** Lengths in pixels. */
const GAP = 8;
const LINE = GLYPH_HEIGHT + GAP / 2;
/** Longest side of a picture on the sheet; larger ones are shrunk. */
const LARGEST_SIDE = 480;
/** Captions up to this many characters are never cut. */
const CAPTION_LENGTH = 28;
/** What the sheet comes close to, as long as no cell is left empty. */
const WIDTH_TO_HEIGHT = 1.5;

/** A way to arrange the cells. */
interface Layout {
  columns: number;
  rows: number;
  /** Where the legend goes, and how wide; absent where there is none. */
  legend?: { left: number; top: number; width: number };
  width: number;
  height: number;
}

/**
 * Pictures of one size side by side, each with a caption, and a legend. No cell stays empty: the legend fills the last
 * one, or goes below where every cell is taken.
 *
 * @returns uint8 RGB
 * @throws RangeError when there are no pictures.
 */
export function contactSheet(entries: readonly SheetEntry[], { title, legend = [] }: SheetOptions = {}): RgbImage {
  if (entries.length === 0) throw new RangeError('contactSheet: no pictures');
  const shown = entries.map((entry) => ({ ...entry, picture: shrink(entry.picture) }));
  const longest = Math.max(...shown.map(({ caption, value = '' }) => toAscii(caption + value).length + 2));
  const text = (Math.min(longest, CAPTION_LENGTH) + 2) * GLYPH_WIDTH;
  const widest = Math.max(...shown.map(({ picture }) => picture.width));
  const cell = {
    width: Math.max(widest, text),
    height: Math.max(...shown.map(({ picture }) => picture.height)) + LINE,
  };
  // Captions that are wider than the pictures must not touch each other.
  const captionWidth = widest >= text ? widest : text - 2 * GLYPH_WIDTH;
  const top = title === undefined ? GAP : GAP + LINE + GAP / 2;
  const layout = bestLayout(entries.length, cell, top, legend);
  const sheet = newCanvas(layout.width, layout.height, BACKGROUND);
  const write = (text: string, left: number, line: number, room: number, ink = INK) =>
    drawText(sheet, shorten(text, Math.floor(room / GLYPH_WIDTH)), left, line, 1, ink);
  if (title !== undefined) write(toAscii(title), GAP, GAP, layout.width - 2 * GAP);
  shown.forEach(({ caption, value = '', picture }, index) => {
    const left = GAP + (index % layout.columns) * (cell.width + GAP);
    const line = top + Math.floor(index / layout.columns) * (cell.height + GAP);
    const room = value.length * GLYPH_WIDTH;
    write(toAscii(caption), left, line, captionWidth - (room === 0 ? 0 : room + 2 * GLYPH_WIDTH));
    write(value, left + captionWidth - room, line, room, FAINT_INK);
    pastePicture(sheet, picture, left, line + LINE);
  });
  if (layout.legend !== undefined) {
    const { left, top: line, width } = layout.legend;
    pastePicture(sheet, drawLegend(legend, width, 1), left, line);
  }
  return sheet;
}

/** Of all numbers of columns that leave no cell empty, the one with the best shape. */
function bestLayout(
  count: number,
  cell: { width: number; height: number },
  top: number,
  legend: readonly LegendEntry[],
): Layout {
  const layouts = Array.from({ length: count }, (_, index) => layoutOf(count, index + 1, cell, top, legend));
  const cost = ({ width, height }: Layout) => Math.abs(Math.log(width / height / WIDTH_TO_HEIGHT));
  return layouts
    .filter((layout) => layout !== undefined)
    .reduce((best, layout) => (cost(layout) < cost(best) ? layout : best));
}

/** The sheet with that many columns; undefined where cells would be empty. One column always has a layout. */
function layoutOf(
  count: number,
  columns: number,
  cell: { width: number; height: number },
  top: number,
  legend: readonly LegendEntry[],
): Layout | undefined {
  const rows = Math.ceil(count / columns);
  const empty = rows * columns - count;
  const [width, height] = [columns * (cell.width + GAP) + GAP, top + rows * (cell.height + GAP)];
  if (empty === 0 && legend.length === 0) return { columns, rows, width, height };
  if (empty === 0) {
    const wide = Math.max(width, smallestLegendWidth(1));
    const below = { left: 0, top: height - GAP / 2, width: wide };
    return { columns, rows, legend: below, width: wide, height: below.top + drawLegend(legend, wide, 1).height };
  }
  const fits =
    empty === 1 &&
    legend.length > 0 &&
    cell.width >= smallestLegendWidth(1) &&
    drawLegend(legend, cell.width, 1).height <= cell.height - LINE;
  if (!fits) return undefined;
  const left = width - cell.width - GAP;
  const beside = { left, top: height - cell.height - GAP + LINE, width: cell.width };
  return { columns, rows, legend: beside, width, height };
}

function shrink(picture: RgbImage): RgbImage {
  const factor = LARGEST_SIDE / Math.max(picture.width, picture.height);
  if (factor >= 1) return picture;
  return resizeBilinear(
    picture,
    Math.max(1, Math.round(picture.width * factor)),
    Math.max(1, Math.round(picture.height * factor)),
  );
}
