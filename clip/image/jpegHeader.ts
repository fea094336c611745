import { exifOrientation } from './exifOrientation.ts';
import { ImageError } from './imageError.ts';
import { ScanAccount } from './jpegScans.ts';
import { checkPictureSize, type ImageLimits } from './limits.ts';

/** What a walk over the markers of a JPEG file tells before any pixel is decoded. */
export interface JpegHeader {
  width: number;
  height: number;
  /** 1 grey, 3 colour, 4 CMYK or YCCK. */
  components: number;
  /** Whether the end-of-image marker was found. */
  ended: boolean;
  /** Whether the scans, if undamaged, give every coefficient in full; a progressive file can lack the later ones. */
  allScans: boolean;
  /** Exif orientation 1..8. */
  orientation: number;
}

interface Frame {
  kind: number;
  width: number;
  height: number;
  components: number;
  /** 8x8 blocks the file has to code at the least, all components together. */
  blocks: number;
}

/**
 * More scans than any encoder writes. Each scan of a progressive file passes over the whole picture, so a small file
 * with thousands of scans would keep the decoder busy for hours.
 */
const MAXIMUM_SCANS = 100;

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const APP1 = 0xe1;
const EXIF_PREFIX = 'Exif\0\0';

/**
 * Frame markers C0..CF other than the Huffman table, the reserved one and the arithmetic conditioning (T.81, table
 * B.1).
 */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Markers that stand alone, without a length: TEM and RST0..RST7. */
function hasNoLength(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/**
 * The position of the next marker's code (the byte after 0xff), or -1. Stuffed zeros, fill bytes and stray bytes are
 * passed over.
 */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    const code = bytes[at + 1];
    if (code !== 0x00 && code !== 0xff) return at + 1;
  }
  return -1;
}

function readFrame(bytes: Uint8Array, start: number, end: number, kind: number, name: string): Frame {
  const components = bytes[start + 5];
  if (end - start < 6 || end - start < 6 + 3 * components || components === 0) {
    throw new ImageError(name, 'is a damaged JPEG picture: its frame header is too short');
  }
  const precision = bytes[start];
  if (precision !== 8)
    throw new ImageError(name, `is a JPEG picture with ${precision} bits per sample; only 8 bits are supported`);
  const height = bytes[start + 1] * 256 + bytes[start + 2];
  const width = bytes[start + 3] * 256 + bytes[start + 4];

  let across = 1;
  let down = 1;
  let perUnit = 0;
  for (let i = 0; i < components; i++) {
    const sampling = bytes[start + 7 + 3 * i];
    across = Math.max(across, sampling >> 4);
    down = Math.max(down, sampling & 15);
    perUnit += (sampling >> 4) * (sampling & 15);
  }
  // A lone component is coded block by block, whatever its sampling factors (T.81, A.2.2).
  const blocks =
    components === 1
      ? Math.ceil(width / 8) * Math.ceil(height / 8)
      : Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down)) * perUnit;
  return { kind, width, height, components, blocks };
}

function exifIn(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  if (end - start < EXIF_PREFIX.length) return undefined;
  for (let i = 0; i < EXIF_PREFIX.length; i++) if (bytes[start + i] !== EXIF_PREFIX.charCodeAt(i)) return undefined;
  return bytes.subarray(start + EXIF_PREFIX.length, end);
}

/**
 * Walks the markers of a JPEG file (ITU T.81, annex B) without decoding, in time linear in the file's length.
 *
 * @throws ImageError if there is no frame or scan, the size is zero or above the limit, the coded data is too short for
 * the size claimed, or the coding is one that is not read (12 bits, arithmetic, lossless, hierarchical)
 */
export function readJpegHeader(bytes: Uint8Array, name: string, limits: ImageLimits = {}): JpegHeader {
  let frame: Frame | undefined;
  let exif: Uint8Array | undefined;
  let scans = 0;
  let ended = false;
  const account = new ScanAccount();

  for (let at = nextMarker(bytes, 2); at !== -1;) {
    const marker = bytes[at];
    if (marker === END_OF_IMAGE) {
      ended = true;
      break;
    }
    if (hasNoLength(marker)) {
      at = nextMarker(bytes, at + 1);
      continue;
    }
    const start = at + 3;
    const end = at + 1 + bytes[at + 1] * 256 + bytes[at + 2];
    if (!(end >= start && end <= bytes.length)) break;
    if (isStartOfFrame(marker)) {
      if (frame !== undefined) throw new ImageError(name, 'is a damaged JPEG picture: it has two frame headers');
      frame = readFrame(bytes, start, end, marker, name);
      checkPictureSize(frame.width, frame.height, name, limits);
    } else if (marker === APP1) {
      exif ??= exifIn(bytes, start, end);
    } else if (marker === START_OF_SCAN) {
      scans++;
      if (scans > MAXIMUM_SCANS)
        throw new ImageError(name, `is a JPEG picture of more than ${MAXIMUM_SCANS} scans, which no encoder writes`);
      account.add(bytes.subarray(start, end));
    }
    at = nextMarker(bytes, end);
  }

  if (frame === undefined || scans === 0) {
    throw new ImageError(
      name,
      `is a truncated JPEG picture: it ends after ${bytes.length} bytes, before its pixels begin`,
    );
  }
  checkCoding(frame, bytes.length, name);
  const { width, height, components } = frame;
  const orientation = exif === undefined ? 1 : exifOrientation(exif);
  return { width, height, components, ended, allScans: account.isComplete(components), orientation };
}

function checkCoding(frame: Frame, fileBytes: number, name: string): void {
  if (frame.kind > 0xc2) {
    const isArithmetic = frame.kind === 0xc9 || frame.kind === 0xca;
    const what = isArithmetic ? 'JPEG picture with arithmetic coding' : 'lossless or hierarchical JPEG picture';
    throw new ImageError(
      name,
      `is a ${what}, which is not supported; only Huffman-coded baseline and progressive ones are`,
      {
        fix: 'write it anew first, for example with magick IN.jpg OUT.png',
      },
    );
  }
  // A Huffman code has at least one bit, and every block needs one or more.
  const leastBytes = Math.floor(frame.blocks / 8);
  if (fileBytes < leastBytes) {
    throw new ImageError(
      name,
      `claims ${frame.width} x ${frame.height} pixels, which need at least ${leastBytes} bytes of JPEG data, but ` +
        `the file has only ${fileBytes}`,
    );
  }
}
