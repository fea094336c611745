import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CheckpointError } from './checkpointFile.ts';

/** A weight file on disk that is read by offset; nothing of it stays in memory. */
export class RandomAccessFile {
  readonly path: string;
  /** Bytes of the file when it was opened. */
  readonly size: number;
  #descriptor: number | undefined;
  #sha256: string | undefined;

  /** @throws CheckpointError when the path does not exist, is no file, or may not be read. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openFile(path);
    this.size = fstatSync(this.#descriptor).size;
  }

  /**
   * Bytes `position` to `position + length` (exclusive). The caller has checked that they are inside the file, which
   * may have shrunk since.
   * @param what names the bytes in the message, for example `tensor visual.proj`.
   * @throws CheckpointError when the file ends before, or was closed.
   */
  read(position: number, length: number, what: string): Uint8Array {
    const bytes = new Uint8Array(length);
    this.readInto(bytes, position, what);
    return bytes;
  }

  /** `read` into memory that is already there: fills `target`. @throws CheckpointError as `read`. */
  readInto(target: Uint8Array, position: number, what: string): void {
    let filled = 0;
    while (filled < target.byteLength) {
      const count = this.#readSome(target, filled, position + filled, what);
      if (count === 0) throw new CheckpointError(`checkpoint ${this.path} ends inside ${what}`, this.path);
      filled += count;
    }
  }

  /** SHA-256 of all bytes, in hexadecimal; computed once. @throws CheckpointError when the file was closed. */
  sha256(): string {
    if (this.#sha256 === undefined) {
      const hash = createHash('sha256');
      const chunk = Buffer.alloc(1 << 20);
      for (let position = 0; ;) {
        const count = this.#readSome(chunk, 0, position, 'its bytes');
        if (count === 0) break;
        hash.update(chunk.subarray(0, count));
        position += count;
      }
      this.#sha256 = hash.digest('hex');
    }
    return this.#sha256;
  }

  /** Closes the file; closing twice is allowed. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #readSome(target: Uint8Array, from: number, position: number, what: string): number {
    if (this.#descriptor === undefined) throw new CheckpointError(`checkpoint ${this.path} was closed`, this.path);
    try {
      return readSync(this.#descriptor, target, from, target.byteLength - from, position);
    } catch (cause) {
      throw new CheckpointError(
        `checkpoint ${this.path} cannot be read inside ${what} (${(cause as NodeJS.ErrnoException).code})`,
        this.path,
        cause,
      );
    }
  }
}

function openFile(path: string): number {
  try {
    const descriptor = openSync(path, 'r');
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
    throw new CheckpointError(`checkpoint ${path} is not a file`, path);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : `cannot be opened (${code})`;
    throw new CheckpointError(`checkpoint ${path} ${reason}`, path, cause);
  }
}
