import type { RgbImage } from '../clip/image/types.ts';
import { resizeBilinear } from '../clip/image/resizeBilinear.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH } from './bitmapFont.ts';
import { newCanvas, pastePicture } from './canvas.ts';
import { drawText, shorten, toAscii } from './drawText.ts';
import { BACKGROUND, INK } from './theme.ts';

/** A picture of a contact sheet and the line above it. */
export interface SheetEntry {
  caption: string;
  picture: RgbImage;
}

const GAP = 8;
/** Longest side of a picture on the sheet; larger ones are shrunk. */
const LARGEST_SIDE = 480;

/**
 * Pictures of one size side by side, each with a caption, in as square a grid as their number allows.
 * @throws RangeError when there are no pictures.
 */
export function contactSheet(entries: readonly SheetEntry[]): RgbImage {
  if (entries.length === 0) throw new RangeError('contactSheet: no pictures');
  const pictures = entries.map(({ picture }) => shrink(picture));
  const cellWidth = Math.max(...pictures.map(({ width }) => width));
  const cellHeight = Math.max(...pictures.map(({ height }) => height)) + GLYPH_HEIGHT + GAP;
  const columns = Math.ceil(Math.sqrt(entries.length));
  const rows = Math.ceil(entries.length / columns);
  const sheet = newCanvas(columns * (cellWidth + GAP) + GAP, rows * (cellHeight + GAP) + GAP, BACKGROUND);
  pictures.forEach((picture, index) => {
    const left = GAP + (index % columns) * (cellWidth + GAP);
    const top = GAP + Math.floor(index / columns) * (cellHeight + GAP);
    drawText(sheet, shorten(toAscii(entries[index].caption), Math.floor(cellWidth / GLYPH_WIDTH)), left, top, 1, INK);
    pastePicture(sheet, picture, left, top + GLYPH_HEIGHT + GAP / 2);
  });
  return sheet;
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
