import { Inflate } from 'fflate';
import { viewOf } from '../../system/bytes.ts';
import { reasonOf } from './imageError.ts';
import { compressedData, type PngOrigin, settleData } from './pngData.ts';
import { type PngFile, truncatedPng } from './pngFile.ts';
import { damagedPng, scanLineBytes } from './pngHeader.ts';

/** So much is decompressed at a time, so that a deflate bomb is found out before it is large. */
const PIECE_BYTES = 1 << 16;
/** So much behind the picture is decompressed and dropped; where there is more, nothing of it is looked at. */
const SPARE_BYTES = 1 << 20;
/** Of a zlib stream (RFC 1950): before the compressed data, and behind it. */
const [HEAD_BYTES, CHECKSUM_BYTES] = [2, 4];
/** Sums of so many bytes stay below 2^32 (RFC 1950, 9). */
const ADLER_BYTES = 5552;

/**
 * Decompresses the data of a PNG file in memory. Data that goes on behind the pixels is dropped, as libpng does.
 *
 * @returns the scan lines, still filtered; as many bytes as the header demands
 * @throws ImageError if there are fewer, they cannot be decompressed, or their checksum is missing or wrong
 */
export function inflatePng(file: PngFile, origin: PngOrigin): Uint8Array {
  const compressed = compressedData(file, origin);
  const lines = new Uint8Array(scanLineBytes(file.header));
  let received = 0;
  let checksum = 1;
  const inflate = new Inflate((piece) => {
    if (received < lines.length) lines.set(piece.subarray(0, lines.length - received), received);
    received += piece.length;
    checksum = adler32(piece, checksum);
  });
  const most = lines.length + SPARE_BYTES;
  try {
    if (compressed.length > 1 && (compressed[0] & 0x0f) !== 8) throw new Error('unknown compression method');
    for (let at = HEAD_BYTES; at < compressed.length && received <= most; at += PIECE_BYTES)
      inflate.push(compressed.subarray(at, at + PIECE_BYTES));
  } catch (error) {
    if (file.isTruncated) throw truncatedPng(origin.name, origin.size);
    throw damagedPng(origin.name, `its data cannot be decompressed (${reasonOf(error)})`, error);
  }
  const end = received > most ? compressed.length : endOf(compressed, checksum);
  const isEnded = end >= 0;
  settleData(file, origin, received, { isEnded, hasMore: isEnded && end < compressed.length });
  // This decompressor makes something of most damaged data.
  if (!isEnded) throw damagedPng(origin.name, 'its data does not end with the checksum of its pixels');
  return lines;
}

/** Where the checksum ends behind the data; -1 where it is not there. */
function endOf(compressed: Uint8Array, checksum: number): number {
  const view = viewOf(compressed);
  for (let at = compressed.length - CHECKSUM_BYTES; at > HEAD_BYTES; at--)
    if (view.getUint32(at) === checksum) return at + CHECKSUM_BYTES;
  return -1;
}

/** Adler-32 of bytes (RFC 1950, 8.2). @param before of what precedes them; 1 where nothing does */
function adler32(bytes: Uint8Array, before: number): number {
  let [a, b] = [before & 0xffff, before >>> 16];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + ADLER_BYTES, bytes.length);
    for (; at < end; at++) b += a += bytes[at];
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}
