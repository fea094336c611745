import { bytesSource } from './byteSource.ts';
import type { ImageLimits } from './limits.ts';
import { PngFile } from './pngFile.ts';
import { passesOf, type PngHeader } from './pngHeader.ts';
import { inflatePng } from './pngInflate.ts';
import { filterDistance, lineRgb, unfilterLine } from './pngLines.ts';
import type { StoredImage } from './types.ts';

/** A PNG file taken apart, its lines unfiltered. */
export interface PngLines {
  header: PngHeader;
  /** RGB triples, 256 of them, of palette pictures. */
  palette: Uint8Array | undefined;
  /** Lines with a byte before each, pass after pass. */
  lines: Uint8Array;
  /** Exif orientation 1..8 of the eXIf chunk, 1 without one. */
  orientation: number;
  /** Sentences about faults that were read over. */
  notices: string[];
}

/**
 * Takes a PNG file apart: checks it as `PngFile` does, decompresses its data and undoes the filters.
 * @throws ImageError, one sentence on what is wrong
 */
export function readPngLines(bytes: Uint8Array, name: string, limits: ImageLimits = {}): PngLines {
  const file = new PngFile(bytesSource(bytes), name, limits);
  const lines = inflatePng(file, { name, size: bytes.length });
  const distance = filterDistance(file.header);
  let at = 0;
  for (const { rows, lineBytes } of passesOf(file.header)) {
    for (let row = 0; row < rows; row++, at += 1 + lineBytes)
      unfilterLine(lines, at, lineBytes, row === 0 ? -1 : at - lineBytes, distance, name);
  }
  const { header, palette, orientation } = file;
  return { header, palette, lines, orientation, notices: pngNotices(file, name) };
}

/** What to tell the user of a file's faults; complete once its data was read. */
export function pngNotices({ faults }: PngFile, name: string): string[] {
  return [...new Set(faults)].map((fault) => `${name} has ${fault}`);
}

/**
 * Decodes a PNG file to RGB, bit for bit what `cv2.imread(path, cv2.IMREAD_COLOR)` gives (as RGB): alpha and
 * transparent colours are dropped, not composited; of 16 bits the upper 8 are kept; grey of 1, 2 or 4 bits is spread
 * over 0..255; palettes are resolved (an index beyond the palette is black); gamma and colour profiles are ignored.
 *
 * @returns `[H,W,3]` uint8 as stored, and the orientation of an eXIf chunk
 * @throws ImageError if the file is damaged, truncated, too large, or lies about its size
 */
export function decodePng(bytes: Uint8Array, name: string, limits: ImageLimits = {}): StoredImage {
  const { header, palette, lines, orientation, notices } = readPngLines(bytes, name, limits);
  const { width, height } = header;
  const data = new Uint8Array(width * height * 3);
  forEachLine(header, (at, columns, x, y, stepX) =>
    lineRgb(lines, at, columns, header, palette, data, (y * width + x) * 3, stepX),
  );
  return { width, height, data, orientation, notices };
}

/**
 * Visits the lines of all passes: where a line begins, of how many pixels it is, and where its first pixel lies and how
 * far apart they are.
 */
export function forEachLine(
  header: PngHeader,
  visit: (at: number, columns: number, x: number, y: number, stepX: number) => void,
): void {
  let at = 0;
  for (const { x, y, stepX, stepY, columns, rows, lineBytes } of passesOf(header)) {
    for (let row = 0; row < rows; row++, at += 1 + lineBytes) visit(at + 1, columns, x, y + row * stepY, stepX);
  }
}
