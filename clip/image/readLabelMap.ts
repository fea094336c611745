import { decode as decodeWithFastPng } from 'fast-png';
import { decodeToRgba } from './decodePng.ts';
import { ImageError, reasonOf } from './imageError.ts';
import { PNG_GREY, PNG_PALETTE, readPngStructure, type PngHeader } from './pngStructure.ts';
import { rewritePng } from './pngRewrite.ts';
import { readImageFile } from './readImage.ts';
import { describeContent, sniffFormat } from './sniff.ts';
import type { LabelMap } from './types.ts';

/** 256 palette entries whose colour is their own index. */
const INDEX_PALETTE = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));

/**
 * Reads a label map file, see `decodeLabelMap`.
 *
 * @throws ImageError if there is no such readable file or it holds no label map
 */
export async function readLabelMap(path: string): Promise<LabelMap> {
  return decodeLabelMap(await readImageFile(path), path);
}

/**
 * Decodes a PNG label map: the pixel's value is the palette index or the grey value as stored, never a colour and never
 * rescaled, so the VOC palette files and the grey files of ADE20K or Cityscapes give their class indices alike.
 *
 * @returns `[H,W]`, uint8 up to 8 bits per pixel, uint16 for 16-bit grey
 * @throws ImageError if the file is no PNG, has colour or alpha channels, or is damaged, truncated or too large
 */
export function decodeLabelMap(bytes: Uint8Array, name: string): LabelMap {
  if (sniffFormat(bytes) !== 'png') throw new ImageError(name, `${describeContent(bytes)}; expected a PNG label map`);
  const { header, scanLines } = readPngStructure(bytes, name);
  const { width, height, depth, colourType, interlaced } = header;
  if (colourType !== PNG_PALETTE && colourType !== PNG_GREY) {
    throw new ImageError(
      name,
      'is a PNG picture with colour or alpha channels; expected a label map: a PNG with a palette or of plain grey',
    );
  }
  const png = rewritePng(header, colourType === PNG_PALETTE ? INDEX_PALETTE : undefined, scanLines);
  // fast-png is the faster one but cannot take apart interlaced lines of less than 8 bits per pixel.
  const data =
    interlaced && depth < 8 ? firstOfFour(decodeToRgba(png, name)) : unpack(decodeSamples(png, name), header);
  return { width, height, data };
}

function decodeSamples(png: Uint8Array, name: string): Uint8Array | Uint16Array {
  try {
    const { data } = decodeWithFastPng(png);
    return data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer) : data;
  } catch (error) {
    throw new ImageError(name, `is a damaged PNG picture: ${reasonOf(error)}`, { cause: error });
  }
}

function firstOfFour(rgba: Uint8Array | Uint16Array): Uint8Array {
  return Uint8Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i]);
}

/**
 * Spreads lines of 1, 2 or 4 bits per pixel, each padded to a whole byte with the leftmost pixel in the high bits, to a
 * byte per pixel.
 */
function unpack(samples: Uint8Array | Uint16Array, { width, height, depth }: PngHeader): Uint8Array | Uint16Array {
  if (depth >= 8) return samples;
  const perByte = 8 / depth;
  const lineBytes = Math.ceil(width / perByte);
  const mask = 2 ** depth - 1;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = samples[y * lineBytes + Math.floor(x / perByte)];
      data[y * width + x] = (byte >> (8 - depth * ((x % perByte) + 1))) & mask;
    }
  }
  return data;
}
