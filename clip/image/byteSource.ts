import { readSync } from 'node:fs';

/** Bytes that need not be in memory. */
export interface ByteSource {
  readonly size: number;
  /** Bytes from a place on; fewer than asked for only at the end. They may change with the next call. */
  read(at: number, length: number): Uint8Array;
}

/** Bytes that are in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
}

/** A file that is open for reading. Small reads come from a buffer. */
export function fileSource(descriptor: number, size: number, bufferBytes = 1 << 20): ByteSource {
  const buffer = new Uint8Array(bufferBytes);
  let first = 0;
  let filled = 0;
  const fill = (at: number, target: Uint8Array): number => {
    let count = 0;
    for (let more = -1; more !== 0 && count < target.length; count += more)
      more = readSync(descriptor, target, count, target.length - count, at + count);
    return count;
  };
  return {
    size,
    read: (at, length) => {
      if (length > buffer.length) {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, fill(at, bytes));
      }
      if (at < first || at + length > first + filled) [first, filled] = [at, fill(at, buffer)];
      return buffer.subarray(at - first, Math.min(at - first + length, filled));
    },
  };
}
