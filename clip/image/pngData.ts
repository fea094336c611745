import { joinBytes } from '../../system/bytes.ts';
import { type PngFile, truncatedPng } from './pngFile.ts';
import { damagedPng, scanLineBytes } from './pngHeader.ts';

/** Deflate turns one byte into at most 1032. */
const MAXIMUM_EXPANSION = 1032;

/** What `PngFile` does not know: its name, and how long it is. */
export interface PngOrigin {
  name: string;
  size: number;
}

/** How the compressed data ended. */
export interface DataEnd {
  /** Whether its end and checksum were seen. */
  isEnded: boolean;
  /** Whether bytes follow that are not needed. */
  hasMore: boolean;
}

/** All compressed data of a file. @throws ImageError for less than the pixels that the header announces can need */
export function compressedData(file: PngFile, { name }: PngOrigin): Uint8Array {
  const compressed = joinBytes([...file.data()]);
  if (!file.isTruncated && compressed.length * MAXIMUM_EXPANSION < scanLineBytes(file.header))
    throw damagedPng(name, `it ${claim(file)}, which its ${compressed.length} bytes of compressed data cannot hold`);
  return compressed;
}

/** What the end of the data means. @throws ImageError if pixels are missing */
export function settleData(
  file: PngFile,
  { name, size }: PngOrigin,
  received: number,
  { isEnded, hasMore }: DataEnd,
): void {
  const expected = scanLineBytes(file.header);
  if (file.isTruncated && !(isEnded && received >= expected)) throw truncatedPng(name, size);
  if (received < expected) {
    throw damagedPng(
      name,
      file.hasDataApart
        ? 'its data chunks do not follow one another'
        : `it ${claim(file)}, ${expected} bytes of samples, but its data ends after ${received}`,
    );
  }
  if (received > expected || hasMore) file.faults.push('data behind its last pixel, which was left out');
  else if (file.hasDataApart) file.faults.push('a data chunk apart from the others, which was left out');
  if (file.isTruncated) file.faults.push('no end chunk, but all of its pixels');
  else if (!isEnded) file.faults.push('no checksum of its pixels');
}

function claim({ header: { width, height } }: PngFile): string {
  return `claims ${width} x ${height} pixels`;
}
