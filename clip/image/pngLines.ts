import { bitsPerPixel, PNG_GREY, PNG_GREY_ALPHA, PNG_PALETTE, type PngHeader } from './pngHeader.ts';
import { damagedPng } from './pngHeader.ts';

/** Whole bytes that a filter looks back: of a pixel, at least one (PNG specification, 9.2). */
export function filterDistance(header: PngHeader): number {
  return Math.max(1, bitsPerPixel(header) >> 3);
}

/**
 * Undoes the filter of a line in place (PNG specification, 9.2).
 *
 * @param bytes has the filter's number at `at`, the line behind it, and at `above` the line above without its number
 * @param above -1 in the first line of a pass
 * @param distance as `filterDistance`
 * @throws ImageError for a filter that does not exist
 */
export function unfilterLine(
  bytes: Uint8Array,
  at: number,
  length: number,
  above: number,
  distance: number,
  name: string,
): void {
  const filter = bytes[at];
  const first = at + 1;
  const end = first + length;
  const second = Math.min(first + distance, end);
  if (filter === 1) {
    for (let i = second; i < end; i++) bytes[i] += bytes[i - distance];
  } else if (filter === 2) {
    if (above >= 0) for (let i = first, up = above; i < end; i++, up++) bytes[i] += bytes[up];
  } else if (filter === 3) {
    if (above < 0) for (let i = second; i < end; i++) bytes[i] += bytes[i - distance] >> 1;
    else {
      for (let i = first; i < second; i++) bytes[i] += bytes[above + i - first] >> 1;
      for (let i = second; i < end; i++) bytes[i] += (bytes[i - distance] + bytes[above + i - first]) >> 1;
    }
  } else if (filter === 4) {
    if (above < 0) for (let i = second; i < end; i++) bytes[i] += bytes[i - distance];
    else unfilterPaeth(bytes, first, second, end, above, distance);
  } else if (filter !== 0) throw damagedPng(name, `a line has the filter type ${filter}; only 0 to 4 exist`);
}

function unfilterPaeth(
  bytes: Uint8Array,
  first: number,
  second: number,
  end: number,
  above: number,
  distance: number,
): void {
  for (let i = first; i < second; i++) bytes[i] += bytes[above + i - first];
  for (let i = second, up = above + second - first; i < end; i++, up++) {
    const a = bytes[i - distance];
    const b = bytes[up];
    const c = bytes[up - distance];
    const toA = Math.abs(b - c);
    const toB = Math.abs(a - c);
    const toC = Math.abs(a + b - 2 * c);
    bytes[i] += toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
  }
}

/**
 * Stored samples of the first channel of a line: grey values or palette indices, neither scaled nor looked up.
 *
 * @param out gets sample k at `to + k * step`; 16-bit samples need a Uint16Array
 */
export function lineSamples(
  bytes: Uint8Array,
  at: number,
  columns: number,
  depth: number,
  out: Uint8Array | Uint16Array,
  to: number,
  step: number,
): void {
  if (depth === 8) for (let k = 0; k < columns; k++) out[to + k * step] = bytes[at + k];
  else if (depth === 16) {
    for (let k = 0; k < columns; k++) out[to + k * step] = bytes[at + 2 * k] * 256 + bytes[at + 2 * k + 1];
  } else {
    const mask = 2 ** depth - 1;
    for (let k = 0; k < columns; k++) {
      const bit = k * depth;
      out[to + k * step] = (bytes[at + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    }
  }
}

/**
 * RGB of a line as OpenCV's `IMREAD_COLOR` shows it: alpha is dropped, not composited; of 16 bits the upper 8 are kept;
 * grey of 1, 2 or 4 bits is spread over 0..255; palettes are resolved.
 *
 * @param palette RGB triples, 256 of them, for palette pictures
 * @param out gets pixel k at `to + 3 * k * step`
 */
export function lineRgb(
  bytes: Uint8Array,
  at: number,
  columns: number,
  header: PngHeader,
  palette: Uint8Array | undefined,
  out: Uint8Array,
  to: number,
  step: number,
): void {
  const { depth, colourType } = header;
  if (depth >= 8 && colourType !== PNG_PALETTE) {
    const sample = depth >> 3;
    const pixel = bitsPerPixel(header) >> 3;
    const isGrey = colourType === PNG_GREY || colourType === PNG_GREY_ALPHA;
    if (pixel === 3 && step === 1) return out.set(bytes.subarray(at, at + 3 * columns), to);
    const [green, blue] = isGrey ? [0, 0] : [sample, 2 * sample];
    for (let k = 0, from = at, pos = to; k < columns; k++, from += pixel, pos += 3 * step) {
      out[pos] = bytes[from];
      out[pos + 1] = bytes[from + green];
      out[pos + 2] = bytes[from + blue];
    }
    return;
  }
  const factor = 255 / (2 ** depth - 1);
  const mask = 2 ** depth - 1;
  for (let k = 0, pos = to; k < columns; k++, pos += 3 * step) {
    const bit = k * depth;
    const value = (bytes[at + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    if (palette === undefined) out[pos] = out[pos + 1] = out[pos + 2] = value * factor;
    else {
      out[pos] = palette[3 * value];
      out[pos + 1] = palette[3 * value + 1];
      out[pos + 2] = palette[3 * value + 2];
    }
  }
}
