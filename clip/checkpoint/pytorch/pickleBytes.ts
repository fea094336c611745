import { latin1Text, utf8Text, viewOf } from '../../../system/bytes.ts';
import { PickleFault } from './pickleFault.ts';

/** The bytes of a pickle, taken from front to back. Every method throws PickleFault at their end. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  /** Offset of the next byte. */
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** The next bytes, not copied. */
  take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new PickleFault('its pickle is cut');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** A little-endian unsigned number of 1, 2, 4 or 8 bytes; beyond 2^53 rounded, which no length can be. */
  unsigned(bytes: 1 | 2 | 4 | 8): number {
    const number = viewOf(this.take(bytes));
    if (bytes === 8) return Number(number.getBigUint64(0, true));
    if (bytes === 4) return number.getUint32(0, true);
    return bytes === 2 ? number.getUint16(0, true) : number.getUint8(0);
  }

  /** Text of a length that is given before it. */
  text(lengthBytes: 1 | 4 | 8): string {
    return utf8Text(this.take(this.unsigned(lengthBytes)));
  }

  /** Bytes of a Python 2 string, which was text or not; as Latin-1, which keeps every byte. */
  string(lengthBytes: 1 | 4): string {
    return latin1Text(this.take(this.unsigned(lengthBytes)));
  }

  /** Text up to the end of the line. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleFault('its pickle is cut');
    const line = utf8Text(this.take(end - this.at));
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
