import { ArchiveError } from './archiveError.ts';

/** Reads chunks of any size, which come one after another, by counts of bytes. */
export class ByteReader {
  /** Bytes that were read or passed over so far. */
  position = 0;
  readonly #archive: string;
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);
  #ended = false;

  /** @param archive for sentences */
  constructor(source: AsyncIterable<Uint8Array>, archive: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#archive = archive;
  }

  /** The next `count` bytes, or fewer at the end, without moving on. */
  async peek(count: number): Promise<Buffer> {
    const parts = [this.#buffer];
    let length = this.#buffer.length;
    while (length < count && !this.#ended) {
      const { value, done } = await this.#source.next();
      if (done === true) this.#ended = true;
      else {
        parts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
        length += value.byteLength;
      }
    }
    if (parts.length > 1) this.#buffer = Buffer.concat(parts);
    return this.#buffer.subarray(0, count);
  }

  /** The next `count` bytes. @throws ArchiveError where there are fewer */
  async read(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    if (bytes.length < count) throw this.cutOff();
    this.#drop(count);
    return bytes;
  }

  /** Passes over `count` bytes without holding them. @throws ArchiveError where there are fewer */
  async skip(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      const bytes = await this.peek(1);
      if (bytes.length === 0) throw this.cutOff();
      const step = Math.min(left, this.#buffer.length);
      this.#drop(step);
      left -= step;
    }
  }

  /** Passes over all that is left, and returns the last `count` bytes of it, or fewer. */
  async drain(count: number): Promise<Buffer> {
    let tail = Buffer.alloc(0);
    while ((await this.peek(1)).length > 0) {
      tail = Buffer.concat([tail, this.#buffer]);
      if (tail.length > count) tail = tail.subarray(tail.length - count);
      this.#drop(this.#buffer.length);
    }
    return tail;
  }

  /** Lets go of the source; needed where reading ended before it did. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** That bytes are missing. */
  cutOff(): ArchiveError {
    return new ArchiveError(this.#archive, `it is cut off after ${this.position + this.#buffer.length} bytes`);
  }

  #drop(count: number): void {
    this.#buffer = this.#buffer.subarray(count);
    this.position += count;
  }
}
