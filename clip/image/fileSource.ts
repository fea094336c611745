import { readSync } from 'node:fs';
import type { ByteSource } from './byteSource.ts';

/** Small reads of files come from a buffer of this size. */
const BUFFER_BYTES = 1 << 16;

/**
 * A file that is open for reading.
 * @param fail makes the error of a read that failed
 */
export function fileSource(descriptor: number, size: number, fail: (cause: unknown) => Error): ByteSource {
  let buffer = new Uint8Array(0);
  let first = 0;
  let filled = 0;
  const fill = (at: number, target: Uint8Array): number => {
    let count = 0;
    try {
      for (let more = -1; more !== 0 && count < target.length; count += more)
        more = readSync(descriptor, target, count, target.length - count, at + count);
    } catch (cause) {
      throw fail(cause);
    }
    return count;
  };
  return {
    size,
    read: (at, length) => {
      if (length > BUFFER_BYTES) {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, fill(at, bytes));
      }
      if (at < first || at + length > first + filled) {
        if (buffer.length === 0) buffer = new Uint8Array(Math.min(size, BUFFER_BYTES));
        [first, filled] = [at, fill(at, buffer)];
      }
      const from = Math.min(at - first, filled);
      return buffer.subarray(from, Math.min(from + length, filled));
    },
  };
}
