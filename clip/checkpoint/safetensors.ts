import { utf8Text, viewOf } from '../../system/bytes.ts';
import {
  CheckpointError,
  type CheckpointFile,
  entryOf,
  type StoredTensor,
  type UnusableTensor,
} from './checkpointFile.ts';
import { RandomAccessFile } from './randomAccessFile.ts';
import { isStoredDType, readStored, readStoredRows, storedBytes } from './storedValues.ts';

/** The format's own bound on the JSON header. */
const MAX_HEADER_BYTES = 100_000_000;

/** Element types of the format that no weight of CLIP has, and that are not read. */
const OTHER_DTYPES = new Set('F8_E4M3 F8_E5M2 F8_E8M0 F6_E2M3 F6_E3M2 F4 U16 U32 U64 C64'.split(' '));

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
  const file = new RandomAccessFile(path);
  try {
    return new SafetensorsFile(file, readHeader(file));
  } catch (error) {
    file.close();
    throw error;
  }
}

interface Header {
  entries: Map<string, Entry>;
  unusable: Map<string, UnusableTensor>;
  metadata: Record<string, string>;
  /** Offset in the file of the tensors' first byte. */
  dataStart: number;
}

function readHeader(file: RandomAccessFile): Header {
  const { path, size } = file;
  const fail = (problem: string): never => {
    throw new CheckpointError(`checkpoint ${path} is not a usable safetensors file: ${problem}`, path);
  };
  if (size < 8) fail(`it has ${size} bytes, expected at least 8`);
  const headerBytes = Number(viewOf(file.read(0, 8, 'its header')).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > size - 8)
    fail(`its header claims ${headerBytes} bytes, the file has ${size}`);
  const text = utf8Text(file.read(8, headerBytes, 'its header'));
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    fail('its header is not JSON');
  }
  if (header === null || typeof header !== 'object' || Array.isArray(header)) fail('its header is not a JSON object');

  const entries = new Map<string, Entry>();
  const unusable = new Map<string, UnusableTensor>();
  const metadata: Record<string, string> = {};
  const dataBytes = size - 8 - headerBytes;
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') {
      for (const [key, item] of Object.entries(value ?? {})) if (typeof item === 'string') metadata[key] = item;
      continue;
    }
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    if (OTHER_DTYPES.has(dtype as string)) {
      unusable.set(name, { reason: `has dtype ${String(dtype)}, which is unknown`, damaged: true });
      continue;
    }
    if (typeof dtype !== 'string' || !isStoredDType(dtype))
      fail(`tensor ${name} has dtype ${dtype === Object(dtype) ? 'an object' : String(dtype)}, which is unknown`);
    if (!isIndexList(shape)) fail(`tensor ${name} has no valid shape`);
    if (!isIndexList(offsets) || (offsets as number[]).length !== 2) fail(`tensor ${name} has no valid data_offsets`);
    const [begin, end] = offsets as [number, number];
    if (begin > end || end > dataBytes)
      fail(`tensor ${name} lies at bytes ${begin}..${end}, the file holds ${dataBytes}`);
    const bytes = (shape as number[]).reduce(
      (product, extent) => product * extent,
      storedBytes(dtype as StoredTensor['dtype']),
    );
    if (bytes !== end - begin)
      fail(`tensor ${name} of shape [${(shape as number[]).join(', ')}] needs ${bytes} bytes but has ${end - begin}`);
    entries.set(name, { name, dtype: dtype as StoredTensor['dtype'], shape: shape as number[], begin, end });
  }
  const [first] = unusable;
  if (entries.size === 0 && first !== undefined) fail(`tensor ${first[0]} ${first[1].reason}`);
  let previous: Entry | undefined;
  for (const entry of [...entries.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (previous !== undefined && entry.begin < previous.end)
      fail(`tensors ${previous.name} and ${entry.name} overlap`);
    previous = entry;
  }
  return { entries, unusable, metadata, dataStart: 8 + headerBytes };
}

function isIndexList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}

class SafetensorsFile implements CheckpointFile {
  readonly path: string;
  readonly format = 'safetensors';
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Entry>;
  readonly unusable: ReadonlyMap<string, UnusableTensor>;
  readonly #dataStart: number;
  readonly #file: RandomAccessFile;

  constructor(file: RandomAccessFile, { entries, unusable, metadata, dataStart }: Header) {
    this.path = file.path;
    this.metadata = metadata;
    this.tensors = entries;
    this.unusable = unusable;
    this.#dataStart = dataStart;
    this.#file = file;
  }

  read(name: string): Float32Array {
    const entry = entryOf(this.path, this.tensors, name);
    return readStored(this.#file, this.#dataStart + entry.begin, entry);
  }

  readRows(name: string, rows: ArrayLike<number>): Float32Array {
    const entry = entryOf(this.path, this.tensors, name);
    return readStoredRows(this.#file, this.#dataStart + entry.begin, entry, rows);
  }

  sha256(): string {
    return this.#file.sha256();
  }

  close(): void {
    this.#file.close();
  }
}
