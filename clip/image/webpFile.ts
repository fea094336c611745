import { joinBytes, latin1Bytes, viewOf } from '../../system/bytes.ts';
import { exifOrientation } from './exifOrientation.ts';
import { ImageError } from './imageError.ts';
import { checkPictureSize, type ImageLimits } from './limits.ts';

/** A WebP file taken apart. */
export interface WebpFile {
  /** Of the picture; of the canvas, if it is an animation. */
  width: number;
  height: number;
  /** A WebP file of one picture, to be decoded. */
  picture: Uint8Array;
  /** Makes one of the picture alone, without orientation and colour profile. */
  alone: () => Uint8Array;
  /** Its size, and where it lies on the canvas: a first frame may be smaller. */
  frame: { x: number; y: number; width: number; height: number };
  /** Exif orientation 1..8. */
  orientation: number;
}

interface Chunk {
  type: string;
  /** With type and length, padded. */
  whole: Uint8Array;
  content: Uint8Array;
}

const RIFF_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;
/** Of an ANMF chunk, before the frame's own chunks. */
const FRAME_HEAD_BYTES = 16;
const ALPHA_FLAG = 0x10;
const EXIF_PREFIX = 'Exif\0\0';

/**
 * Takes a WebP file apart (RFC 9649, section 2) without decoding: its size, its one picture or the first of an
 * animation, and its orientation.
 *
 * @throws ImageError for a file that ends too early, has no picture or one that claims no pixels or too many
 */
export function readWebpFile(bytes: Uint8Array, name: string, limits: ImageLimits = {}): WebpFile {
  const view = viewOf(bytes);
  const claimed = CHUNK_HEAD_BYTES + view.getUint32(4, true);
  if (claimed > bytes.length)
    throw new ImageError(name, `is a WebP picture that ends after ${bytes.length} bytes, expected ${claimed}`, {
      fix: 'copy or download the file again',
    });
  const chunks = chunksOf(bytes.subarray(RIFF_BYTES, claimed));
  const extended = find(chunks, 'VP8X')?.content;
  const animated = find(chunks, 'ANMF')?.content;
  const parts = animated === undefined ? chunks : chunksOf(animated.subarray(FRAME_HEAD_BYTES));
  const size = sizeOf(parts);
  if (size === undefined) throw new ImageError(name, 'is a damaged WebP picture: it has no picture in it');
  const canvas =
    extended !== undefined && extended.length >= 10
      ? { width: 1 + read24(extended, 4), height: 1 + read24(extended, 7) }
      : size;
  checkPictureSize(canvas.width, canvas.height, name, limits);
  checkPictureSize(size.width, size.height, name, limits);
  const [x, y] = animated === undefined ? [0, 0] : [2 * read24(animated, 0), 2 * read24(animated, 3)];
  if (x + size.width > canvas.width || y + size.height > canvas.height)
    throw new ImageError(
      name,
      `is a damaged WebP picture: ${size.width} x ${size.height} pixels do not fit into ${canvas.width} x ` +
        `${canvas.height}`,
    );
  return {
    ...canvas,
    picture: animated === undefined ? bytes.subarray(0, claimed) : fileOf(parts, size),
    alone: () => fileOf(parts, size),
    frame: { x, y, ...size },
    orientation: exifOrientation(exifOf(find(chunks, 'EXIF')?.content)),
  };
}

/**
 * Puts the pixels of the picture where they lie on the canvas, which is black elsewhere.
 * @param pixels uint8 `[height, width, channels]` of the frame; a fourth channel is dropped
 * @returns uint8 RGB `[height, width, 3]` of the canvas
 */
export function onCanvas(pixels: Uint8Array, channels: 3 | 4, { width, height, frame }: WebpFile): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, from = 0; y < frame.height; y++) {
    for (let x = 0, to = ((frame.y + y) * width + frame.x) * 3; x < frame.width; x++, from += channels) {
      data[to++] = pixels[from];
      data[to++] = pixels[from + 1];
      data[to++] = pixels[from + 2];
    }
  }
  return data;
}

/** Chunks up to the first that is cut off. */
function chunksOf(bytes: Uint8Array): Chunk[] {
  const view = viewOf(bytes);
  const chunks: Chunk[] = [];
  for (let at = 0; at + CHUNK_HEAD_BYTES <= bytes.length;) {
    const start = at + CHUNK_HEAD_BYTES;
    const end = start + view.getUint32(at + 4, true);
    if (end > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const next = end + ((end - start) % 2);
    chunks.push({ type, whole: bytes.subarray(at, next), content: bytes.subarray(start, end) });
    at = next;
  }
  return chunks;
}

function find(chunks: readonly Chunk[], type: string): Chunk | undefined {
  return chunks.find((chunk) => chunk.type === type);
}

/** The size that the coded picture states: VP8 (RFC 6386, 9.1) or VP8L (RFC 9649, 3.4). */
function sizeOf(chunks: readonly Chunk[]): { width: number; height: number } | undefined {
  const lossy = find(chunks, 'VP8 ')?.content;
  if (lossy !== undefined && lossy.length >= 10)
    return { width: read16(lossy, 6) & 0x3fff, height: read16(lossy, 8) & 0x3fff };
  const lossless = find(chunks, 'VP8L')?.content;
  if (lossless === undefined || lossless.length < 5) return undefined;
  const bits = read16(lossless, 1) + read16(lossless, 3) * 0x10000;
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** A file of one frame; with an alpha chunk it must be of the extended kind. */
function fileOf(parts: readonly Chunk[], { width, height }: { width: number; height: number }): Uint8Array {
  const kept = parts.filter(({ type }) => type === 'ALPH' || type === 'VP8 ' || type === 'VP8L');
  const head = new Uint8Array(CHUNK_HEAD_BYTES + 10);
  head.set(latin1Bytes('VP8X'));
  head[4] = 10;
  head[8] = ALPHA_FLAG;
  write24(head, 12, width - 1);
  write24(head, 15, height - 1);
  const body = [...(find(kept, 'ALPH') === undefined ? [] : [head]), ...kept.map(({ whole }) => whole)];
  const riff = latin1Bytes('RIFF....WEBP');
  viewOf(riff).setUint32(4, 4 + body.reduce((sum, { length }) => sum + length, 0), true);
  return joinBytes([riff, ...body]);
}

/** The TIFF block of an EXIF chunk; some programs put JPEG's prefix before it. */
function exifOf(content: Uint8Array = new Uint8Array()): Uint8Array {
  const hasPrefix = [...EXIF_PREFIX].every((letter, index) => content[index] === letter.charCodeAt(0));
  return hasPrefix ? content.subarray(EXIF_PREFIX.length) : content;
}

function read16(bytes: Uint8Array, at: number): number {
  return bytes[at] + bytes[at + 1] * 256;
}

function write24(bytes: Uint8Array, at: number, value: number): void {
  bytes.set([value & 0xff, (value >> 8) & 0xff, value >> 16], at);
}

function read24(bytes: Uint8Array, at: number): number {
  return read16(bytes, at) + bytes[at + 2] * 65536;
}
