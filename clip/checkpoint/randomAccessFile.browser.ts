import { CheckpointError } from './checkpointFile.ts';

/** Fewest bytes that are fetched at a time; doubled with every fetch that goes on from the last, up to the most. */
const LEAST_FETCHED = 1 << 16;
const MOST_FETCHED = 1 << 21;
/** Most bytes that stay for what is read next. */
const MOST_KEPT = 1 << 23;

/** A weight file that pages hand over, and the slices of it that are in memory. */
class NamedBlob {
  readonly blob: Blob;
  /** In hexadecimal, where somebody computed it. */
  readonly sha256: string | undefined;
  #slices: { from: number; bytes: Uint8Array }[] = [];
  #ahead = LEAST_FETCHED;

  constructor(blob: Blob, sha256?: string) {
    this.blob = blob;
    this.sha256 = sha256;
  }

  /** Bytes that are in memory; undefined where they are not. */
  held(position: number, length: number): Uint8Array | undefined {
    const slice = this.#slices.find(({ from, bytes }) => position >= from && position + length <= from + bytes.length);
    return slice?.bytes.subarray(position - slice.from, position - slice.from + length);
  }

  /** Reads a slice, and some bytes after it, which may be asked for next. @throws what the browser throws */
  async fetch(position: number, length: number): Promise<void> {
    const last = this.#slices.at(-1);
    const goesOn = last !== undefined && position > last.from && position <= last.from + last.bytes.length;
    this.#ahead = goesOn ? Math.min(2 * this.#ahead, MOST_FETCHED) : LEAST_FETCHED;
    const end = Math.min(this.blob.size, position + Math.max(length, this.#ahead));
    const bytes = new Uint8Array(await this.blob.slice(position, end).arrayBuffer());
    this.#slices.push({ from: position, bytes });
  }

  /** Frees the memory, but for the last few slices: the next tensor is often beside the last. */
  settle(): void {
    let kept = 0;
    this.#slices = this.#slices.reverse().filter(({ bytes }) => (kept += bytes.length) <= MOST_KEPT);
    this.#slices.reverse();
  }
}

/** What is in memory already, whole. */
interface NamedBytes {
  readonly bytes: Uint8Array;
  readonly sha256?: undefined;
}

const blobs = new Map<string, NamedBlob | NamedBytes>();

/**
 * Lets a weight file be opened by a name.
 * @param sha256 of its bytes, where it was computed
 * @returns the name, with a number where another file has it
 */
export function nameBlob(blob: Blob, name: string, sha256?: string): string {
  return take(name, new NamedBlob(blob, sha256));
}

/** `nameBlob` for bytes in memory, which never have to be waited for. */
export function nameBytes(bytes: Uint8Array, name: string): string {
  return take(name, { bytes });
}

/** The bytes that `nameBytes` gave this name; undefined where there are none. */
export function namedBytes(name: string): Uint8Array | undefined {
  const file = blobs.get(name);
  return file !== undefined && 'bytes' in file ? file.bytes : undefined;
}

function take(name: string, file: NamedBlob | NamedBytes): string {
  let free = name;
  for (let number = 2; blobs.has(free); number++) free = `${name} (${number})`;
  blobs.set(free, file);
  return free;
}

/** Ends that, also of what came with it. */
export function forgetBlob(name: string): void {
  for (const other of blobs.keys()) if (other === name || other.startsWith(companion(name, ''))) blobs.delete(other);
}

/** By what name a file is to be given that comes with another one and is called `base` in it. */
export function companion(name: string, base: string): string {
  return `${name}#${base}`;
}

/** Whether a file was given this name. */
export function isNamed(name: string): boolean {
  return blobs.has(name);
}

/** Thrown in place of an answer: the bytes have to be waited for. Not for users. */
export class BytesToCome extends Error {
  readonly file: NamedBlob;
  /** Reads them. @throws CheckpointError where the file is gone or has changed */
  readonly fetch: () => Promise<void>;

  constructor(file: NamedBlob, path: string, position: number, length: number, what: string) {
    super(`${what} of ${path} is not in memory yet`);
    this.file = file;
    this.fetch = async () => {
      try {
        await file.fetch(position, length);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new CheckpointError(`checkpoint ${path} cannot be read inside ${what} (${reason})`, path, cause);
      }
    };
  }
}

/** A weight file that a page handed over, read by slices, of which few stay in memory. */
export class RandomAccessFile {
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  #file: NamedBlob | NamedBytes | undefined;

  /** @throws CheckpointError where no file was given this name. */
  constructor(path: string) {
    this.path = path;
    this.#file = blobs.get(path);
    if (this.#file === undefined) throw new CheckpointError(`checkpoint ${path} does not exist`, path);
    this.size = 'bytes' in this.#file ? this.#file.bytes.length : this.#file.blob.size;
  }

  /** As in Node. @throws BytesToCome where they have to be waited for; CheckpointError */
  read(position: number, length: number, what: string): Uint8Array {
    const bytes = new Uint8Array(length);
    this.readInto(bytes, position, what);
    return bytes;
  }

  /** As in Node. @throws as `read` */
  readInto(target: Uint8Array, position: number, what: string): void {
    const { path } = this;
    if (this.#file === undefined) throw new CheckpointError(`checkpoint ${path} was closed`, path);
    const length = target.byteLength;
    if (position + length > this.size) throw new CheckpointError(`checkpoint ${path} ends inside ${what}`, path);
    if ('bytes' in this.#file) return target.set(this.#file.bytes.subarray(position, position + length));
    const bytes = this.#file.held(position, length);
    if (bytes === undefined) throw new BytesToCome(this.#file, path, position, length, what);
    target.set(bytes);
  }

  /** SHA-256 of all bytes, where whoever named the file gave it: it takes the whole file. @throws CheckpointError */
  sha256(): string {
    const known = this.#file?.sha256;
    if (known !== undefined) return known;
    throw new CheckpointError(`checkpoint ${this.path} has no SHA-256 in a browser`, this.path);
  }

  /** Closes the file; closing twice is allowed. */
  close(): void {
    this.#file = undefined;
  }
}
