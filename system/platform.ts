import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

export { basename } from 'node:path';
export { crc32, deflateSync, inflateRawSync } from 'node:zlib';

/** SHA-256 of a text in UTF-8, in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Bytes as base64. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Ends in the next turn of the event loop: what waits, such as the device's work, comes first. */
export function nextTurn(): Promise<void> {
  return setImmediate();
}
