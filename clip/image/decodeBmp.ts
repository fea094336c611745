import { type BmpHeader, readBmpHeader } from './bmpHeader.ts';
import { ImageError } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import type { StoredImage } from './types.ts';

/**
 * Decodes a BMP file to RGB, bit for bit what `cv2.imread(path, cv2.IMREAD_COLOR)` gives (as RGB): palettes resolved,
 * alpha dropped, 5 and 6 bits of a colour moved up and not spread; pixels that run-length coding leaves out have the
 * first colour of the palette. Source: OpenCV, `grfmt_bmp.cpp`.
 *
 * @returns `[H,W,3]` uint8
 * @throws ImageError for a damaged, truncated or too large picture, or a coding that is not read
 */
export function decodeBmp(bytes: Uint8Array, name: string, limits: ImageLimits = {}): StoredImage {
  const header = readBmpHeader(bytes, name, limits);
  const { width, height, coding } = header;
  const data = new Uint8Array(width * height * 3);
  if (coding === 'rle8' || coding === 'rle4') decodeRuns(bytes, header, data);
  else decodeRows(bytes, header, data, name);
  return { width, height, data, orientation: 1, notices: [] };
}

/** Where a row of the file lies in the picture. */
function rowStart({ width, height, topDown }: BmpHeader, row: number): number {
  return (topDown ? row : height - 1 - row) * width * 3;
}

function decodeRows(bytes: Uint8Array, header: BmpHeader, data: Uint8Array, name: string): void {
  const { width, height, depth, palette, dataStart } = header;
  const lineBytes = Math.ceil((width * depth) / 32) * 4;
  // Some programs leave out what fills up the last row.
  const least = dataStart + lineBytes * (height - 1) + Math.ceil((width * depth) / 8);
  if (bytes.length < least) {
    throw new ImageError(
      name,
      `is a BMP picture that ends after ${bytes.length} bytes, before all of its ${width} x ${height} pixels`,
      { fix: 'copy or download the file again' },
    );
  }
  const shifts = header.masks.map(shiftOf);
  for (let row = 0; row < height; row++) {
    const line = dataStart + row * lineBytes;
    let to = rowStart(header, row);
    for (let x = 0; x < width; x++, to += 3) {
      if (depth <= 8) {
        const bit = x * depth;
        const index = (bytes[line + (bit >> 3)] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
        data.set(palette.subarray(3 * index, 3 * index + 3), to);
      } else if (depth === 24) {
        const at = line + 3 * x;
        data[to] = bytes[at + 2];
        data[to + 1] = bytes[at + 1];
        data[to + 2] = bytes[at];
      } else {
        const at = line + (depth >> 3) * x;
        const low = bytes[at] + bytes[at + 1] * 256;
        const pixel = depth === 16 ? low : low + bytes[at + 2] * 2 ** 16 + bytes[at + 3] * 2 ** 24;
        for (let channel = 0; channel < 3; channel++)
          data[to + channel] = level(pixel, header.masks[channel], shifts[channel]);
      }
    }
  }
}

/** By how many bits a mask's highest bit is above the highest bit of a byte; negative below it. */
function shiftOf(mask: number): number {
  return mask === 0 ? 0 : 31 - Math.clz32(mask) - 7;
}

/** The masked bits of a pixel, moved to the top of a byte. */
function level(pixel: number, mask: number, shift: number): number {
  const bits = (pixel & mask) >>> 0;
  return (shift >= 0 ? bits >>> shift : bits << -shift) & 255;
}

/** Runs of pixels of 8 or 4 bits: count and value, or 0 and a code: end of line, end, move, or that many values. */
function decodeRuns(bytes: Uint8Array, header: BmpHeader, data: Uint8Array): void {
  const { width, height, depth, palette, coding } = header;
  for (let to = 0; to < data.length; to += 3) data.set(palette.subarray(0, 3), to);
  const put = (x: number, y: number, index: number): void => {
    if (x < width && y < height) data.set(palette.subarray(3 * index, 3 * index + 3), rowStart(header, y) + 3 * x);
  };
  const isWide = coding === 'rle8';
  let [x, y, at] = [0, 0, header.dataStart];
  while (at + 1 < bytes.length && y < height) {
    const [count, value] = [bytes[at], bytes[at + 1]];
    at += 2;
    if (count > 0) {
      for (let k = 0; k < count; k++, x++) put(x, y, isWide ? value : k % 2 === 0 ? value >> 4 : value & 15);
    } else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) return;
    else if (value === 2) {
      [x, y] = [x + (bytes[at] ?? 0), y + (bytes[at + 1] ?? 0)];
      at += 2;
    } else {
      for (let k = 0; k < value; k++, x++) {
        const byte = bytes[at + (isWide ? k : k >> 1)] ?? 0;
        put(x, y, isWide ? byte : k % 2 === 0 ? byte >> 4 : byte & 15);
      }
      const used = Math.ceil((value * depth) / 8);
      at += used + (used % 2);
    }
  }
}
