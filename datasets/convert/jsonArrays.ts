import { createReadStream, statSync } from 'node:fs';
import { DatasetError } from '../datasetError.ts';

/** Called for each element of an array, in order. */
export type ElementVisitor = (element: unknown, index: number) => void;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const OPEN_ARRAY = 0x5b;

/**
 * Reads arrays of objects out of a JSON file of any size: the file's one object has them as values of the named keys;
 * other keys are passed over. Nothing but one element at a time is kept, where `JSON.parse` could not even hold the
 * text (V8 strings end at 512 MB).
 *
 * @param visitors by key; all keys must occur
 * @param onBytes progress
 * @throws DatasetError if the file is missing, unreadable, cut off, no such JSON, or lacks a key; whatever a visitor
 *   throws
 */
export async function readJsonArrays(
  path: string,
  visitors: Record<string, ElementVisitor>,
  onBytes?: (read: number, total: number) => void,
): Promise<void> {
  const total = sizeOf(path);
  const scanner = new ArrayScanner(path, visitors);
  let read = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      scanner.push(chunk as Buffer);
      onBytes?.((read += (chunk as Buffer).length), total);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new DatasetError(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, path, { cause });
  }
  scanner.end();
}

function sizeOf(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw new DatasetError(`${path} does not exist, expected a JSON file`, path);
  if (!status.isFile()) throw new DatasetError(`${path} is no regular file, expected a JSON file`, path);
  return status.size;
}

/** Follows strings and nesting byte by byte; what an element holds is left to `JSON.parse`. */
class ArrayScanner {
  readonly #path: string;
  readonly #visitors: Record<string, ElementVisitor>;
  readonly #seen = new Set<string>();
  #depth = 0;
  #inString = false;
  #escaped = false;
  #ended = false;
  /** Bytes of the key or element being read, from earlier chunks. */
  #parts: Buffer[] = [];
  /** Start of what is being kept in the present chunk, -1 if nothing is. */
  #from = -1;
  #key = '';
  /** The array being visited, and its next index. */
  #array: string | undefined;
  #index = 0;

  constructor(path: string, visitors: Record<string, ElementVisitor>) {
    this.#path = path;
    this.#visitors = visitors;
  }

  push(chunk: Buffer): void {
    if (this.#from >= 0) this.#from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#depth === 1) this.#key = String(this.#take(chunk, at + 1));
        }
      } else if (byte === QUOTE) {
        this.#inString = true;
        if (this.#depth === 1) this.#from = at;
      } else if (OPEN.has(byte)) this.#open(byte, at);
      else if (CLOSE.has(byte)) this.#close(chunk, at);
      else if (this.#depth === 0 && byte > 0x20) throw this.#damaged('it is no JSON object');
    }
    if (this.#from >= 0) this.#parts.push(chunk.subarray(this.#from));
  }

  end(): void {
    if (!this.#ended) throw this.#damaged('it is cut off');
    const absent = Object.keys(this.#visitors).filter((key) => !this.#seen.has(key));
    if (absent.length > 0) throw this.#damaged(`it has no array ${absent.join(' and ')}`);
  }

  #open(byte: number, at: number): void {
    if (this.#ended || (this.#depth === 0 && byte === OPEN_ARRAY)) throw this.#damaged('it is no JSON object');
    if (this.#depth === 1 && byte === OPEN_ARRAY && Object.hasOwn(this.#visitors, this.#key)) {
      if (this.#seen.has(this.#key)) throw this.#damaged(`it has the array ${this.#key} twice`);
      this.#seen.add((this.#array = this.#key));
      this.#index = 0;
    } else if (this.#depth === 2 && this.#array !== undefined) this.#from = at;
    this.#depth++;
  }

  #close(chunk: Buffer, at: number): void {
    if (this.#depth === 0) throw this.#damaged('its brackets do not match');
    this.#depth--;
    if (this.#depth === 2 && this.#array !== undefined)
      this.#visitors[this.#array](this.#take(chunk, at + 1), this.#index++);
    else if (this.#depth === 1) this.#array = undefined;
    else if (this.#depth === 0) this.#ended = true;
  }

  /** The value that ends before `end`. */
  #take(chunk: Buffer, end: number): unknown {
    const bytes = Buffer.concat([...this.#parts, chunk.subarray(this.#from, end)]);
    this.#parts = [];
    this.#from = -1;
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      throw this.#damaged(this.#array === undefined ? 'it is no JSON' : `${this.#array}[${this.#index}] is no JSON`);
    }
  }

  #damaged(problem: string): DatasetError {
    return new DatasetError(`${this.#path} cannot be used: ${problem}`, this.#path);
  }
}
