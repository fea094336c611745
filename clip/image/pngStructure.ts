import { constants, crc32, inflateSync } from 'node:zlib';
import { exifOrientation } from './exifOrientation.ts';
import { ImageError, reasonOf } from './imageError.ts';
import { checkPictureSize } from './limits.ts';

/** Colour types of a PNG file (PNG specification, table 11.1). */
export const PNG_GREY = 0;
const PNG_RGB = 2;
export const PNG_PALETTE = 3;
const PNG_GREY_ALPHA = 4;
const PNG_RGB_ALPHA = 6;

const SIGNATURE_BYTES = 8;
/** Deflate turns one byte into at most 1032. */
const MAXIMUM_EXPANSION = 1032;

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

/** A PNG file taken apart and checked. */
export interface PngStructure {
  header: PngHeader;
  /** RGB triples of the PLTE chunk, empty without one. */
  palette: Uint8Array;
  /** The scan lines, decompressed but still filtered; their total length is what the header demands. */
  scanLines: Uint8Array;
  /** Exif orientation 1..8 of the eXIf chunk, 1 without one. */
  orientation: number;
}

interface Chunks {
  header: PngHeader;
  palette: Uint8Array;
  compressed: Uint8Array;
  exif: Uint8Array | undefined;
}

/**
 * Takes a PNG file apart: checks signature, order, checksums of the critical chunks, and that the compressed data holds
 * exactly the picture that the header announces. The header is checked first and decompression is bounded by it, so
 * neither a lying header nor a deflate bomb makes this allocate more than an honest file of at most 100 megapixels
 * does.
 *
 * Ancillary chunks are dropped except eXIf: OpenCV ignores gamma and colour profiles, and drops transparency.
 *
 * @throws ImageError, one sentence on what is wrong
 */
export function readPngStructure(bytes: Uint8Array, name: string): PngStructure {
  const { header, palette, compressed, exif } = readChunks(bytes, name);
  if (header.colourType === PNG_PALETTE && palette.length === 0)
    throw damaged(name, 'it has palette indices but no palette');
  const scanLines = decompress(compressed, header, name);
  return { header, palette, scanLines, orientation: exif === undefined ? 1 : exifOrientation(exif) };
}

function damaged(name: string, problem: string, cause?: unknown): ImageError {
  return new ImageError(name, `is a damaged PNG picture: ${problem}`, { cause });
}

function readChunks(bytes: Uint8Array, name: string): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let header: PngHeader | undefined;
  let palette = new Uint8Array(0);
  let exif: Uint8Array | undefined;
  let previous = '';

  for (let at = SIGNATURE_BYTES; ;) {
    const length = at + 12 <= bytes.length ? view.getUint32(at) : Infinity;
    const end = at + 12 + length;
    if (end > bytes.length) {
      throw new ImageError(
        name,
        `is a truncated PNG picture: it ends after ${bytes.length} bytes without an end chunk`,
        {
          fix: 'copy or download the file again',
        },
      );
    }
    const type = String.fromCharCode(bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]);
    const content = bytes.subarray(at + 8, end - 4);
    const critical = (bytes[at + 4] & 0x20) === 0;
    if (critical && crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw damaged(name, `the checksum of its ${printable(type)} chunk at byte ${at} is wrong`);
    }
    if ((header === undefined) !== (type === 'IHDR'))
      throw damaged(name, 'it must have one header chunk, at its beginning');

    if (type === 'IHDR') header = readHeader(content, name);
    else if (type === 'PLTE') palette = readPalette(content, data.length > 0, name);
    else if (type === 'IDAT') {
      if (data.length > 0 && previous !== 'IDAT') throw damaged(name, 'its data chunks do not follow one another');
      data.push(content);
    } else if (type === 'eXIf') exif ??= content;
    else if (type === 'IEND') break;
    else if (critical) throw damaged(name, `it has an unknown critical chunk ${printable(type)}`);
    previous = type;
    at = end;
  }
  if (header === undefined || data.length === 0) throw damaged(name, 'it has no data chunk');
  return { header, palette, compressed: data.length === 1 ? data[0] : Buffer.concat(data), exif };
}

function printable(type: string): string {
  return /^[A-Za-z]{4}$/.test(type) ? type : JSON.stringify(type);
}

function readHeader(content: Uint8Array, name: string): PngHeader {
  if (content.length !== 13) throw damaged(name, `its header chunk has ${content.length} bytes, expected 13`);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const [depth, colourType, compression, filter, interlace] = content.subarray(8);
  if (!DEPTHS[colourType]?.includes(depth))
    throw damaged(name, `it claims colour type ${colourType} with ${depth} bits, which does not exist`);
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw damaged(
      name,
      `it claims compression ${compression}, filter ${filter}, interlace ${interlace}; only 0, 0 and 0 or 1 exist`,
    );
  }
  checkPictureSize(width, height, name);
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

function readPalette(content: Uint8Array, afterData: boolean, name: string): Uint8Array<ArrayBuffer> {
  if (afterData) throw damaged(name, 'its palette comes after its data');
  if (content.length === 0 || content.length % 3 !== 0 || content.length > 3 * 256) {
    throw damaged(name, `its palette has ${content.length} bytes, expected 3 to 768 in steps of 3`);
  }
  return new Uint8Array(content);
}

/** Bytes of all filtered scan lines: one filter byte and the packed samples per line, pass by pass if interlaced. */
function scanLineBytes({ width, height, depth, colourType, interlaced }: PngHeader): number {
  const bits = depth * SAMPLES_PER_PIXEL[colourType];
  const passBytes = (columns: number, rows: number) => (columns > 0 ? rows * (1 + Math.ceil((columns * bits) / 8)) : 0);
  if (!interlaced) return passBytes(width, height);
  return ADAM7_PASSES.reduce(
    (total, [x, y, stepX, stepY]) =>
      total + passBytes(Math.ceil((width - x) / stepX), Math.max(0, Math.ceil((height - y) / stepY))),
    0,
  );
}

function decompress(compressed: Uint8Array, header: PngHeader, name: string): Uint8Array {
  const expected = scanLineBytes(header);
  const claim = `claims ${header.width} x ${header.height} pixels`;
  if (compressed.length * MAXIMUM_EXPANSION < expected) {
    throw damaged(name, `it ${claim}, which its ${compressed.length} bytes of compressed data cannot hold`);
  }
  let scanLines: Uint8Array;
  try {
    scanLines = inflateSync(compressed, {
      maxOutputLength: expected + 1,
      chunkSize: Math.min(Math.max(expected + 1, 64), 1 << 20),
      // Without this, a stream whose pixels are all there but whose checksum is cut off would be refused; libpng
      // accepts it.
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw damaged(name, `it ${claim}, but its data goes on after them`, error);
    throw damaged(name, `its data cannot be decompressed (${reasonOf(error)})`, error);
  }
  if (scanLines.length > expected) throw damaged(name, `it ${claim}, but its data goes on after them`);
  if (scanLines.length < expected) {
    throw damaged(name, `it ${claim}, ${expected} bytes of samples, but its data ends after ${scanLines.length}`);
  }
  return scanLines;
}
