import { ImageError } from './imageError.ts';
import { checkPictureSize, type ImageLimits } from './limits.ts';

/** How the pixels of a BMP file are coded. */
export type BmpCoding = 'plain' | 'masks' | 'rle8' | 'rle4';

/** What a BMP file says of its pixels. */
export interface BmpHeader {
  width: number;
  height: number;
  /** Whether the first row is the upper one. */
  topDown: boolean;
  /** Bits of a pixel: 1, 4, 8, 16, 24 or 32. */
  depth: number;
  coding: BmpCoding;
  /** Bits of red, green and blue, of 16- and 32-bit pixels. */
  masks: readonly [number, number, number];
  /** RGB triples, 256 of them; black where the file has none. */
  palette: Uint8Array;
  /** Where the pixels begin. */
  dataStart: number;
}

const FILE_HEADER_BYTES = 14;
const OS2_HEADER_BYTES = 12;
const LEAST_HEADER_BYTES = 40;
/** Of the header, before masks; headers with masks are at least this long, or masks follow. */
const MASKS_AT = FILE_HEADER_BYTES + 40;

const CODINGS: Record<number, { coding: BmpCoding; depths: readonly number[] }> = {
  0: { coding: 'plain', depths: [1, 4, 8, 16, 24, 32] },
  1: { coding: 'rle8', depths: [8] },
  2: { coding: 'rle4', depths: [4] },
  3: { coding: 'masks', depths: [16, 32] },
  6: { coding: 'masks', depths: [16, 32] },
};

const MASKS_555 = [0x7c00, 0x3e0, 0x1f] as const;
const MASKS_888 = [0xff0000, 0xff00, 0xff] as const;

/**
 * Reads the headers and the palette of a BMP file: of OS/2 1, or of Windows 3 and later.
 *
 * @throws ImageError for a file that ends in them, a coding that does not exist or is not read, and a picture of no
 *   pixels or too many
 */
export function readBmpHeader(bytes: Uint8Array, name: string, limits: ImageLimits = {}): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (end: number): void => {
    if (end > bytes.length)
      throw new ImageError(name, `is a BMP picture that ends after ${bytes.length} bytes, in its header`);
  };
  need(FILE_HEADER_BYTES + OS2_HEADER_BYTES);
  const headerBytes = view.getUint32(14, true);
  const isOs2 = headerBytes === OS2_HEADER_BYTES;
  if (!isOs2 && (headerBytes < LEAST_HEADER_BYTES || headerBytes > 1024))
    throw new ImageError(name, `is a BMP picture with a header of ${headerBytes} bytes, which is not supported`);
  need(FILE_HEADER_BYTES + headerBytes);
  const width = isOs2 ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isOs2 ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const depth = view.getUint16(isOs2 ? 24 : 28, true);
  const code = isOs2 ? 0 : view.getUint32(30, true);
  const { coding, depths } = CODINGS[code] ?? { depths: [] };
  if (coding === undefined || !depths.includes(depth))
    throw new ImageError(name, `is a BMP picture of ${depth} bits with compression ${code}, which is not supported`);
  checkPictureSize(Math.max(0, width), height, name, limits);

  let masks: BmpHeader['masks'] = depth === 16 ? MASKS_555 : MASKS_888;
  if (coding === 'masks') {
    need(MASKS_AT + 12);
    masks = [0, 4, 8].map((at) => view.getUint32(MASKS_AT + at, true)) as [number, number, number];
  }
  const dataStart = view.getUint32(10, true);
  const entryBytes = isOs2 ? 3 : 4;
  const used = isOs2 || depth > 8 ? 0 : view.getUint32(46, true);
  const entries = depth > 8 ? 0 : used === 0 ? 2 ** depth : Math.min(used, 256);
  const paletteStart = FILE_HEADER_BYTES + headerBytes;
  need(paletteStart + entries * entryBytes);
  const palette = new Uint8Array(3 * 256);
  for (let entry = 0; entry < entries; entry++) {
    const at = paletteStart + entry * entryBytes;
    palette.set([bytes[at + 2], bytes[at + 1], bytes[at]], 3 * entry);
  }
  return { width, height, topDown: signedHeight < 0, depth, coding, masks, palette, dataStart };
}
