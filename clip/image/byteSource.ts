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
