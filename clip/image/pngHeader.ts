import { ImageError } from './imageError.ts';
import { checkPictureSize, type ImageLimits } from './limits.ts';

/** Colour types of a PNG file (PNG specification, table 11.1). */
export const PNG_GREY = 0;
const PNG_RGB = 2;
export const PNG_PALETTE = 3;
export const PNG_GREY_ALPHA = 4;
const PNG_RGB_ALPHA = 6;

const SAMPLES_PER_PIXEL: Record<number, number> = {
  [PNG_GREY]: 1,
  [PNG_RGB]: 3,
  [PNG_PALETTE]: 1,
  [PNG_GREY_ALPHA]: 2,
  [PNG_RGB_ALPHA]: 4,
};
const DEPTHS: Record<number, number[]> = {
  [PNG_GREY]: [1, 2, 4, 8, 16],
  [PNG_RGB]: [8, 16],
  [PNG_PALETTE]: [1, 2, 4, 8],
  [PNG_GREY_ALPHA]: [8, 16],
  [PNG_RGB_ALPHA]: [8, 16],
};

/** First column, first row, column step and row step of the seven passes of Adam7 (PNG specification, 8.2). */
const ADAM7_PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

export interface PngHeader {
  width: number;
  height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  depth: number;
  /** One of the `PNG_...` colour types. */
  colourType: number;
  interlaced: boolean;
}

/** The lines of one pass over the picture; a picture that is not interlaced has one pass of all pixels. */
export interface PngPass {
  /** Column and row of the first pixel, and distances between pixels. */
  x: number;
  y: number;
  stepX: number;
  stepY: number;
  columns: number;
  rows: number;
  /** Bytes of a line without its filter byte. */
  lineBytes: number;
}

/** The error of a PNG file that is damaged beyond what libpng reads over. */
export function damagedPng(name: string, problem: string, cause?: unknown): ImageError {
  return new ImageError(name, `is a damaged PNG picture: ${problem}`, { cause });
}

/**
 * Reads the content of an IHDR chunk (PNG specification, 11.2.2).
 * @throws ImageError for what does not exist, and for a picture of no pixels or too many
 */
export function readPngHeader(content: Uint8Array, name: string, limits: ImageLimits): PngHeader {
  if (content.length !== 13) throw damagedPng(name, `its header chunk has ${content.length} bytes, expected 13`);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const [depth, colourType, compression, filter, interlace] = content.subarray(8);
  if (!DEPTHS[colourType]?.includes(depth))
    throw damagedPng(name, `it claims colour type ${colourType} with ${depth} bits, which does not exist`);
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw damagedPng(
      name,
      `it claims compression ${compression}, filter ${filter}, interlace ${interlace}; only 0, 0 and 0 or 1 exist`,
    );
  }
  checkPictureSize(width, height, name, limits);
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

/** Bits of a pixel. */
export function bitsPerPixel({ depth, colourType }: PngHeader): number {
  return depth * SAMPLES_PER_PIXEL[colourType];
}

/** The passes of a picture, without empty ones. */
export function passesOf(header: PngHeader): PngPass[] {
  const { width, height, interlaced } = header;
  return (interlaced ? ADAM7_PASSES : [[0, 0, 1, 1]])
    .map(([x, y, stepX, stepY]) => {
      const columns = Math.max(0, Math.ceil((width - x) / stepX));
      const rows = Math.max(0, Math.ceil((height - y) / stepY));
      return { x, y, stepX, stepY, columns, rows, lineBytes: Math.ceil((columns * bitsPerPixel(header)) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Bytes of all filtered scan lines: one filter byte and the packed samples per line, pass after pass. */
export function scanLineBytes(header: PngHeader): number {
  return passesOf(header).reduce((total, { rows, lineBytes }) => total + rows * (1 + lineBytes), 0);
}
