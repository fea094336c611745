import type { LabelMap, RgbImage } from '../clip/image/types.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH } from './bitmapFont.ts';
import { newCanvas, type Colour } from './canvas.ts';
import { drawText, shortenApart, toAscii } from './drawText.ts';
import { drawSwatch, SWATCH } from './swatch.ts';
import { BACKGROUND, FAINT_INK, INK } from './theme.ts';

/** One line of the legend. */
export interface LegendEntry {
  name: string;
  /** Share of the picture's pixels, 0..1; absent where a legend is of several pictures. */
  share?: number;
  /** As it is seen in the picture. Absent for the line that sums up classes left out. */
  colour?: Colour | 'hatched';
}

/** Lengths in font pixels. */
const MARGIN = 10;
const GAP = 7;
const LINE_SPACING = 6;
const COLUMN_SPACING = 22;

/**
 * Names are cut to fit: columns are added, and a picture's legend is made wider than the picture, only for this many
 * characters of a name, or this many where the legend is long. What room is left, longer names use.
 */
const LONGEST_NAME = 32;
const COMFORTABLE_NAME = 18;
/** Lines up to which names are rather whole than in more columns. */
const FEW_ROWS = 16;
const SHORTEST_NAME = 8;
/** A further column is begun only when the others have this many entries. */
const ENTRIES_PER_COLUMN = 4;
/** Room for "100.0%". */
const SHARE_LENGTH = 6;
const MOST_ENTRIES = 48;

/**
 * The classes present in label maps, largest first (the lower index first if equal).
 *
 * @param labels one label map, or several that count together
 * @param palette RGB triples as they are seen in the picture, one for every label that occurs
 * @param classNames by index; a label without a name, or with one in a script that the font has not, is called
 *   "class <index>"
 */
export function legendEntries(
  labels: LabelMap | readonly LabelMap[],
  palette: Uint8Array,
  classNames: readonly string[],
): (LegendEntry & { label: number })[] {
  const counts = new Map<number, number>();
  const maps = 'data' in labels ? [labels] : labels;
  for (const { data } of maps) for (const label of data) counts.set(label, (counts.get(label) ?? 0) + 1);
  const pixels = maps.reduce((sum, { data }) => sum + data.length, 0);
  return [...counts]
    .sort(([labelA, countA], [labelB, countB]) => countB - countA || labelA - labelB)
    .map(([label, count]) => ({
      label,
      name: legible(classNames[label]) ?? `class ${label}`,
      share: count / pixels,
      colour: [palette[label * 3], palette[label * 3 + 1], palette[label * 3 + 2]] as const,
    }));
}

/** The name, unless most of its signs would be drawn as question marks. */
function legible(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const lost = (text: string) => [...text].filter((sign) => sign === '?').length;
  const drawn = toAscii(name).replaceAll(' ', '');
  return 2 * (lost(drawn) - lost(name)) > drawn.length ? undefined : name;
}

/** A share in percent with one decimal, never rounded down to nothing or up to everything. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return '<0.1%';
  if (share < 1 && share >= 0.9995) return '>99.9%';
  return `${(share * 100).toFixed(1)}%`;
}

/** The narrowest legend that keeps names recognisable, in pixels. */
export function smallestLegendWidth(scale: number): number {
  return (2 * MARGIN + entryWidth(2 * SHORTEST_NAME)) * scale;
}

/** The width, in pixels, in which one column has its names as whole as they get. */
export function comfortableLegendWidth(entries: readonly LegendEntry[], scale: number): number {
  const longest = Math.max(SHORTEST_NAME, ...entries.map(({ name }) => toAscii(name).length));
  return Math.max(smallestLegendWidth(scale), (2 * MARGIN + entryWidth(Math.min(longest, LONGEST_NAME))) * scale);
}

function entryWidth(nameLength: number, shareLength = SHARE_LENGTH): number {
  return SWATCH + GAP + (nameLength + (shareLength === 0 ? 0 : 1 + shareLength)) * GLYPH_WIDTH;
}

/**
 * Draws the legend: colour swatch, class name, share of pixels if there is one, in as many columns as fit, read column
 * by column. Names that are too long are shortened; beyond 48 classes the smallest are summed up in a last line.
 *
 * @param entries largest first, at least one
 * @param width in pixels, at least `smallestLegendWidth(scale)`
 * @param scale side of a font pixel in pixels
 * @returns uint8 `[H,width,3]`, as high as needed
 */
export function drawLegend(entries: readonly LegendEntry[], width: number, scale: number): RgbImage {
  const shown = summedUp(entries).map((entry) => ({ ...entry, name: toAscii(entry.name) }));
  const available = Math.floor(width / scale) - 2 * MARGIN;
  const shareLength = shown.some(({ share }) => share !== undefined) ? SHARE_LENGTH : 0;
  const longest = Math.max(SHORTEST_NAME, ...shown.map((entry) => entry.name.length));
  const columnsOf = (most: number) => {
    const pitch = entryWidth(Math.min(longest, most), shareLength) + COLUMN_SPACING;
    const fitting = Math.floor((available + COLUMN_SPACING) / pitch);
    return Math.max(1, Math.min(Math.ceil(shown.length / ENTRIES_PER_COLUMN), fitting));
  };
  const whole = columnsOf(LONGEST_NAME);
  const columns = shown.length <= whole * FEW_ROWS ? whole : columnsOf(COMFORTABLE_NAME);
  const rows = Math.ceil(shown.length / columns);
  const pitch = Math.floor((available + COLUMN_SPACING) / columns);
  const nameLength = Math.min(longest, Math.floor((pitch - COLUMN_SPACING - entryWidth(0, shareLength)) / GLYPH_WIDTH));
  const lineHeight = GLYPH_HEIGHT + LINE_SPACING;

  const canvas = newCanvas(width, (2 * MARGIN + rows * lineHeight - LINE_SPACING) * scale, BACKGROUND);
  const names = shortenApart(
    shown.map(({ name }) => name),
    nameLength,
  );
  shown.forEach((entry, i) => {
    const left = (MARGIN + Math.floor(i / rows) * pitch) * scale;
    const top = (MARGIN + (i % rows) * lineHeight) * scale;
    drawEntry(canvas, { ...entry, name: names[i] }, left, top, nameLength, scale);
  });
  return canvas;
}

function drawEntry(
  canvas: RgbImage,
  { name, share, colour }: LegendEntry,
  left: number,
  top: number,
  nameLength: number,
  scale: number,
): void {
  if (colour !== undefined) {
    drawSwatch(canvas, left, top + scale, scale, colour);
  }
  const textLeft = left + (SWATCH + GAP) * scale;
  drawText(canvas, name, textLeft, top, scale, colour === undefined ? FAINT_INK : INK);
  if (share === undefined) return;
  const shareText = formatShare(share).padStart(SHARE_LENGTH);
  drawText(canvas, shareText, textLeft + (nameLength + 1) * GLYPH_WIDTH * scale, top, scale, FAINT_INK);
}

function summedUp(entries: readonly LegendEntry[]): readonly LegendEntry[] {
  if (entries.length <= MOST_ENTRIES) return entries;
  const rest = entries.slice(MOST_ENTRIES - 1);
  const share = rest.reduce<number | undefined>(
    (sum, entry) => (sum === undefined || entry.share === undefined ? undefined : sum + entry.share),
    0,
  );
  return [...entries.slice(0, MOST_ENTRIES - 1), { name: `and ${rest.length} more`, share }];
}
