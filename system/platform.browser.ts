import { inflateSync, zlibSync } from 'fflate';
import { latin1Text } from './bytes.ts';
import { sha256Words } from './sha256.ts';

/** The last part of a path or an address. */
export function basename(path: string): string {
  return path.replace(/^.*[/\\]/, '');
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte;
});

/** CRC-32 of bytes (PNG specification, annex D). @param before of what precedes them */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Bytes as a zlib stream. */
export function deflateSync(bytes: Uint8Array): Uint8Array {
  return zlibSync(bytes);
}

/** What a deflate stream holds. @throws Error for a damaged one, or one of more than `maxOutputLength` bytes */
export function inflateRawSync(bytes: Uint8Array, { maxOutputLength }: { maxOutputLength: number }): Uint8Array {
  // Never grows beyond the buffer that it is given; one byte more shows that there was more.
  const out = inflateSync(bytes, { out: new Uint8Array(maxOutputLength + 1) });
  if (out.length > maxOutputLength) throw new RangeError(`more than ${maxOutputLength} bytes`);
  return out;
}

/** SHA-256 of a text in UTF-8, in hexadecimal. (The browser's own answers later only.) */
export function sha256(text: string): string {
  return [...sha256Words(new TextEncoder().encode(text))].map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** Bytes as base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(latin1Text(bytes));
}

/** Ends in the next turn of the event loop: what waits, such as the device's work, comes first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
