import { PickleFault } from './pickleFault.ts';

/** The bytes of a pickle, taken from front to back. Every method throws PickleFault at their end. */
export class PickleBytes {
  readonly #bytes: Buffer;
  /** Offset of the next byte. */
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** The next bytes, not copied. */
  take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw new PickleFault('its pickle is cut');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** A little-endian unsigned number of 1, 2, 4 or 8 bytes; beyond 2^53 rounded, which no length can be. */
  unsigned(bytes: 1 | 2 | 4 | 8): number {
    const number = this.take(bytes);
    return bytes === 8 ? Number(number.readBigUInt64LE(0)) : number.readUIntLE(0, bytes);
  }

  /** Text of a length that is given before it. */
  text(lengthBytes: 1 | 4 | 8): string {
    return this.take(this.unsigned(lengthBytes)).toString('utf8');
  }

  /** Bytes of a Python 2 string, which was text or not; as Latin-1, which keeps every byte. */
  string(lengthBytes: 1 | 4): string {
    return this.take(this.unsigned(lengthBytes)).toString('latin1');
  }

  /** Text up to the end of the line. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleFault('its pickle is cut');
    const line = this.take(end - this.at).toString('utf8');
    this.at = end + 1;
    return line;
  }

  /** Two's complement, little endian; beyond 2^53 rounded, which no length or offset that is accepted can be. */
  signed(length: number): number {
    const bytes = this.take(length);
    // Longer ones are hashes and keys, and slow to read.
    if (length > 64) return NaN;
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return Number(BigInt.asIntN(8 * bytes.length, value));
  }
}
