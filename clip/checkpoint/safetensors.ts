import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CheckpointError, type CheckpointFile, type StoredTensor } from './checkpointFile.ts';
import { isStoredDType, storedBytes, storedToFloats } from './storedValues.ts';

/** The format's own bound on the JSON header. */
const MAX_HEADER_BYTES = 100_000_000;

interface Entry extends StoredTensor {
  begin: number;
  end: number;
}

/**
 * Opens a `.safetensors` file. Only the header is read now; it is checked before anything of its size is allocated:
 * known dtypes, shapes that fill their byte range exactly, ranges inside the file that do not overlap.
 * Source: the safetensors format description (8-byte little-endian header length, JSON header, tensor bytes).
 * @throws CheckpointError naming the file and what is wrong with it.
 */
export function openSafetensors(path: string): CheckpointFile {
  const descriptor = openFile(path);
  try {
    const size = fstatSync(descriptor).size;
    const { entries, metadata, dataStart } = readHeader(path, descriptor, size);
    return new SafetensorsFile(path, descriptor, entries, metadata, dataStart);
  } catch (error) {
    closeSync(descriptor);
    throw error;
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
    const reason = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : `cannot be opened (${code})`;
    throw new CheckpointError(`checkpoint ${path} ${reason}`, path, cause);
  }
}

function readHeader(path: string, descriptor: number, size: number) {
  const fail = (problem: string): never => {
    throw new CheckpointError(`checkpoint ${path} is not a usable safetensors file: ${problem}`, path);
  };
  if (size < 8) fail(`it has ${size} bytes, expected at least 8`);
  const prefix = Buffer.alloc(8);
  readSync(descriptor, prefix, 0, 8, 0);
  const headerBytes = Number(prefix.readBigUInt64LE(0));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > size - 8) fail(`its header claims ${headerBytes} bytes, the file has ${size}`);
  const text = Buffer.alloc(headerBytes);
  readSync(descriptor, text, 0, headerBytes, 8);
  let header: unknown;
  try {
    header = JSON.parse(text.toString('utf8'));
  } catch {
    fail('its header is not JSON');
  }
  if (header === null || typeof header !== 'object' || Array.isArray(header)) fail('its header is not a JSON object');

  const entries = new Map<string, Entry>();
  const metadata: Record<string, string> = {};
  const dataBytes = size - 8 - headerBytes;
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') {
      for (const [key, item] of Object.entries(value ?? {})) if (typeof item === 'string') metadata[key] = item;
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    if (typeof dtype !== 'string' || !isStoredDType(dtype)) fail(`tensor ${name} has dtype ${String(dtype)}, which is unknown`);
    if (!isIndexList(shape)) fail(`tensor ${name} has no valid shape`);
    if (!isIndexList(offsets) || (offsets as number[]).length !== 2) fail(`tensor ${name} has no valid data_offsets`);
    const [begin, end] = offsets as [number, number];
    if (begin > end || end > dataBytes) fail(`tensor ${name} lies at bytes ${begin}..${end}, the file holds ${dataBytes}`);
    const bytes = (shape as number[]).reduce((product, extent) => product * extent, storedBytes(dtype as StoredTensor['dtype']));
    if (bytes !== end - begin) fail(`tensor ${name} of shape [${(shape as number[]).join(', ')}] needs ${bytes} bytes but has ${end - begin}`);
    entries.set(name, { name, dtype: dtype as StoredTensor['dtype'], shape: shape as number[], begin, end });
  }
  let previous: Entry | undefined;
  for (const entry of [...entries.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (previous !== undefined && entry.begin < previous.end) fail(`tensors ${previous.name} and ${entry.name} overlap`);
    previous = entry;
  }
  return { entries, metadata, dataStart: 8 + headerBytes };
}

function isIndexList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}

class SafetensorsFile implements CheckpointFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Entry>;
  readonly #dataStart: number;
  #descriptor: number | undefined;
  #sha256: string | undefined;

  constructor(path: string, descriptor: number, tensors: ReadonlyMap<string, Entry>, metadata: Record<string, string>, dataStart: number) {
    this.path = path;
    this.metadata = metadata;
    this.tensors = tensors;
    this.#dataStart = dataStart;
    this.#descriptor = descriptor;
  }

  read(name: string): Float32Array {
    const entry = this.#entry(name);
    return storedToFloats(this.#bytes(name, this.#dataStart + entry.begin, entry.end - entry.begin), entry.dtype);
  }

  readRows(name: string, rows: ArrayLike<number>): Float32Array {
    const entry = this.#entry(name);
    const width = entry.shape.slice(1).reduce((product, extent) => product * extent, 1);
    const rowBytes = width * storedBytes(entry.dtype);
    const out = new Float32Array(rows.length * width);
    for (let i = 0; i < rows.length; i++) {
      if (rows[i] < 0 || rows[i] >= entry.shape[0]) throw new CheckpointError(`checkpoint ${this.path}: row ${rows[i]} of ${name}, which has ${entry.shape[0]}`, this.path);
      out.set(storedToFloats(this.#bytes(name, this.#dataStart + entry.begin + rows[i] * rowBytes, rowBytes), entry.dtype), i * width);
    }
    return out;
  }

  sha256(): string {
    if (this.#sha256 === undefined) {
      const hash = createHash('sha256');
      const chunk = Buffer.alloc(1 << 20);
      for (let position = 0; ; ) {
        const count = readSync(this.#open(), chunk, 0, chunk.length, position);
        if (count === 0) break;
        hash.update(chunk.subarray(0, count));
        position += count;
      }
      this.#sha256 = hash.digest('hex');
    }
    return this.#sha256;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    if (this.#descriptor === undefined) throw new CheckpointError(`checkpoint ${this.path} was closed`, this.path);
    return this.#descriptor;
  }

  #entry(name: string): Entry {
    const entry = this.tensors.get(name);
    if (entry === undefined) throw new CheckpointError(`checkpoint ${this.path} has no tensor ${name}`, this.path);
    return entry;
  }

  #bytes(name: string, position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(this.#open(), bytes, filled, length - filled, position + filled);
      if (count === 0) throw new CheckpointError(`checkpoint ${this.path} ends inside tensor ${name}`, this.path);
      filled += count;
    }
    return bytes;
  }
}
