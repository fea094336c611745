import { PNG } from 'pngjs';
import { applyOrientation } from './applyOrientation.ts';
import { ImageError, reasonOf } from './imageError.ts';
import { PNG_GREY, PNG_PALETTE, readPngStructure } from './pngStructure.ts';
import { rewritePng } from './pngRewrite.ts';
import type { DecodedImage } from './types.ts';

/**
 * Decodes a PNG file to upright RGB, bit for bit what `cv2.imread(path, cv2.IMREAD_COLOR)` gives (as RGB): alpha and
 * transparent colours are dropped, not composited; of 16 bits the upper 8 are kept; grey of 1, 2 or 4 bits is spread
 * over 0..255; palettes are resolved (an index beyond the palette is black); gamma and colour profiles are ignored.
 *
 * @returns `[H,W,3]` uint8 with the orientation of an eXIf chunk applied
 * @throws ImageError if the file is damaged, truncated, too large, or lies about its size
 */
export function decodePng(bytes: Uint8Array, name: string): DecodedImage {
  const { header, palette, scanLines, orientation } = readPngStructure(bytes, name);
  const { width, height, depth, colourType } = header;
  let fullPalette: Uint8Array | undefined;
  if (colourType === PNG_PALETTE) {
    fullPalette = new Uint8Array(256 * 3);
    fullPalette.set(palette);
  }
  const rgba = decodeToRgba(rewritePng(header, fullPalette, scanLines), name);

  // pngjs rounds 16-bit samples to the nearest 8-bit value where OpenCV drops the lower byte, so both scalings are
  // ours.
  const shift = depth === 16 ? 8 : 0;
  const factor = colourType === PNG_GREY && depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    data[to++] = (rgba[from] >> shift) * factor;
    data[to++] = (rgba[from + 1] >> shift) * factor;
    data[to++] = (rgba[from + 2] >> shift) * factor;
  }
  return { ...applyOrientation({ width, height, data }, orientation), notices: [] };
}

/**
 * Runs pngjs on a rewritten file.
 *
 * @returns RGBA `[H,W,4]`, samples as stored: uint8 up to 8 bits (grey not spread), uint16 for 16 bits
 * @throws ImageError for a filter type that does not exist
 */
export function decodeToRgba(png: Buffer, name: string): Uint8Array | Uint16Array {
  try {
    return PNG.sync.read(png, { skipRescale: true, checkCRC: false }).data;
  } catch (error) {
    throw new ImageError(name, `is a damaged PNG picture: ${reasonOf(error)}`, { cause: error });
  }
}
