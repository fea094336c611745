import { ShapeError } from '../engine/errors.ts';
import { joinBytes, latin1Bytes, viewOf } from '../system/bytes.ts';
import { crc32, deflateSync } from '../system/platform.ts';
import { formatPixelsCrc, PIXELS, SOFTWARE } from '../system/pngTexts.ts';

const SIGNATURE = latin1Bytes('\x89PNG\r\n\x1a\n');
/** Colour types (PNG specification, table 11.1). */
export const GREY = 0;
const RGB = 2;
export const PALETTE = 3;

function chunk(type: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(12 + content.length);
  viewOf(out).setUint32(0, content.length);
  out.set(latin1Bytes(type), 4);
  out.set(content, 8);
  viewOf(out).setUint32(8 + content.length, crc32(out.subarray(4, 8 + content.length)));
  return out;
}

function textChunk(keyword: string, text: string): Uint8Array<ArrayBuffer> {
  return chunk('tEXt', latin1Bytes(`${keyword}\0${text}`));
}

/**
 * Assembles signature, header, the marks by which rfclip knows its own files, palette, data and end (PNG specification,
 * 5.6).
 * @param compressed scan lines
 */
export function assemblePng(
  width: number,
  height: number,
  depth: number,
  colourType: number,
  palette: Uint8Array | undefined,
  compressed: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  viewOf(header).setUint32(0, width);
  viewOf(header).setUint32(4, height);
  header.set([depth, colourType, 0, 0, 0], 8);
  const data = chunk('IDAT', compressed);
  const parts = [
    SIGNATURE,
    chunk('IHDR', header),
    textChunk(SOFTWARE.keyword, SOFTWARE.text),
    textChunk(PIXELS, formatPixelsCrc(viewOf(data).getUint32(data.length - 4))),
  ];
  if (palette !== undefined) parts.push(chunk('PLTE', palette));
  parts.push(data, chunk('IEND', new Uint8Array(0)));
  return joinBytes(parts);
}

function checkLength(length: number, width: number, height: number, channels: number): void {
  if (length !== width * height * channels || length === 0) {
    throw new ShapeError(
      `a PNG of ${width} x ${height} pixels got ${length} samples, expected ${width * height * channels} and at ` +
        `least 1`,
      'encodePng',
    );
  }
}

/**
 * An 8-bit palette PNG.
 *
 * @param labels uint8 or uint16 `[height, width]`, each below the number of palette entries
 * @param palette RGB triples, at most 256
 * @returns the file
 */
export function encodePalettePng(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (palette.length > 256 * 3)
    throw new ShapeError(`a palette PNG got ${palette.length / 3} colours, expected at most 256`, 'encodePng');
  return assemblePng(width, height, 8, PALETTE, palette, deflateSync(unfilteredLines(labels, width, height)));
}

/**
 * An 8-bit grey PNG.
 *
 * @param labels uint8 `[height, width]`
 * @returns the file
 */
export function encodeGreyPng(labels: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  return assemblePng(width, height, 8, GREY, undefined, deflateSync(unfilteredLines(labels, width, height)));
}

/** Scan lines as they are: runs of equal labels compress best without a filter. */
function unfilteredLines(labels: Uint8Array | Uint16Array, width: number, height: number): Uint8Array {
  checkLength(labels.length, width, height, 1);
  const lines = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) lines.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return lines;
}

/**
 * A 16-bit grey PNG.
 *
 * @param labels uint8 or uint16 `[height, width]`
 * @returns the file
 */
export function encodeGrey16Png(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  checkLength(labels.length, width, height, 1);
  const lines = new Uint8Array(height * (width * 2 + 1));
  const view = viewOf(lines);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0, to = y * (width * 2 + 1) + 1; x < width; x++, to += 2) view.setUint16(to, labels[from++]);
  }
  return assemblePng(width, height, 16, GREY, undefined, deflateSync(lines));
}

/**
 * An 8-bit RGB PNG. Each line is filtered with the one of the five filters whose result has the smallest sum of
 * absolute differences, the rule that the PNG specification recommends for photographs (12.8).
 *
 * @param pixels uint8 `[height, width, 3]`
 * @returns the file
 */
export function encodeRgbPng(pixels: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  checkLength(pixels.length, width, height, 3);
  const length = width * 3;
  const lines = new Uint8Array(height * (length + 1));
  const candidates = Array.from({ length: 5 }, () => new Uint8Array(length));
  let above = new Uint8Array(length);
  for (let y = 0; y < height; y++) {
    const line = pixels.subarray(y * length, (y + 1) * length);
    let best = 0;
    let smallest = Infinity;
    for (let filter = 0; filter < 5; filter++) {
      const sum = filterLine(filter, line, above, candidates[filter]);
      if (sum < smallest) [best, smallest] = [filter, sum];
    }
    lines[y * (length + 1)] = best;
    lines.set(candidates[best], y * (length + 1) + 1);
    above = line as Uint8Array<ArrayBuffer>;
  }
  return assemblePng(width, height, 8, RGB, undefined, deflateSync(lines));
}

/**
 * Filters an RGB line (PNG specification, 9.2) into `out`; returns the sum of absolute differences, taken as signed
 * bytes.
 */
function filterLine(filter: number, line: Uint8Array, above: Uint8Array, out: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < line.length; i++) {
    const left = i >= 3 ? line[i - 3] : 0;
    const up = above[i];
    const upLeft = i >= 3 ? above[i - 3] : 0;
    let prediction = 0;
    if (filter === 1) prediction = left;
    else if (filter === 2) prediction = up;
    else if (filter === 3) prediction = (left + up) >> 1;
    else if (filter === 4) prediction = paeth(left, up, upLeft);
    const difference = (line[i] - prediction) & 255;
    out[i] = difference;
    sum += difference < 128 ? difference : 256 - difference;
  }
  return sum;
}

function paeth(left: number, up: number, upLeft: number): number {
  const toLeft = Math.abs(up - upLeft);
  const toUp = Math.abs(left - upLeft);
  const toUpLeft = Math.abs(left + up - 2 * upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}
