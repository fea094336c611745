import {
  type CheckpointFile,
  type CheckpointFormat,
  entryOf,
  type StoredTensor,
  type UnusableTensor,
} from '../checkpointFile.ts';
import type { RandomAccessFile } from '../randomAccessFile.ts';
import { type ByteSource, elementCount, readStored, readStoredRows, rowsOfAll, storedBytes } from '../storedValues.ts';
import type { NamedTensors } from './namedTensors.ts';
import { PickleFault } from './pickleFault.ts';
import { isRowMajor } from './rebuildTensor.ts';
import type { StorageReference, StridedTensor } from './values.ts';

/** The bytes of a storage. */
export interface StoragePlace {
  source: ByteSource;
  /** Offset in the source of the first byte. */
  start: number;
}

/**
 * Where a storage lies.
 * @throws PickleFault, the end of a sentence about a tensor, where it is missing or has another length.
 */
export type FindStorage = (storage: StorageReference) => StoragePlace;

interface Entry extends StoredTensor {
  view: StridedTensor;
  source: ByteSource;
  /** Offset in the source of the view's first element, in bytes. */
  start: number;
}

/** A PyTorch file of any age: tensors as strided views of storages that lie somewhere in it. */
export class TensorViews implements CheckpointFile {
  readonly path: string;
  readonly format: CheckpointFormat;
  readonly moduleClasses: ReadonlySet<string> | undefined;
  readonly metadata = {};
  readonly tensors: ReadonlyMap<string, Entry>;
  readonly unusable: ReadonlyMap<string, UnusableTensor>;
  readonly main: string;
  readonly #file: RandomAccessFile;

  /** @throws PickleFault when not one tensor can be read. */
  constructor(file: RandomAccessFile, format: CheckpointFormat, structure: NamedTensors, find: FindStorage) {
    this.path = file.path;
    this.format = format;
    this.moduleClasses = structure.moduleClasses;
    this.main = structure.main;
    this.#file = file;
    const unusable = new Map<string, UnusableTensor>();
    for (const [name, { reason, insteadOfTensor }] of structure.opaque)
      unusable.set(name, { reason, damaged: insteadOfTensor });
    this.tensors = placeTensors(structure.tensors, find, unusable);
    this.unusable = unusable;
  }

  read(name: string): Float32Array {
    const { view, source, start, ...tensor } = entryOf(this.path, this.tensors, name);
    if (isRowMajor(view)) return readStored(source, start, tensor);
    const last = view.shape.reduce((sum, extent, axis) => sum + (extent - 1) * view.strides[axis], 0);
    if (elementCount(view.shape) === 0) return new Float32Array(0);
    return gather(readStored(source, start, { ...tensor, shape: [last + 1] }), view);
  }

  readRows(name: string, rows: ArrayLike<number>): Float32Array {
    const { view, source, start, ...tensor } = entryOf(this.path, this.tensors, name);
    if (isRowMajor(view)) return readStoredRows(source, start, tensor, rows);
    return rowsOfAll(this.path, tensor, rows, () => this.read(name));
  }

  sha256(): string {
    return this.#file.sha256();
  }

  close(): void {
    this.#file.close();
  }
}

/** Those that cannot be placed go to `unusable`, so that a damaged optimizer keeps nobody from the weights. */
function placeTensors(
  tensors: ReadonlyMap<string, StridedTensor>,
  find: FindStorage,
  unusable: Map<string, UnusableTensor>,
): Map<string, Entry> {
  const placed = new Map<string, Entry>();
  const mixed = storagesOfTwoTypes(tensors.values());
  let first: string | undefined;
  for (const [name, view] of tensors) {
    const { dtype, key, start } = view.storage;
    try {
      const types = mixed.get(key);
      if (types !== undefined) throw new PickleFault(`lies in storage ${key}, which is read as ${types}`);
      const place = find(view.storage);
      const begin = place.start + (start + view.offset) * storedBytes(dtype);
      placed.set(name, { name, dtype, shape: view.shape, view, source: place.source, start: begin });
    } catch (error) {
      if (!(error instanceof PickleFault)) throw error;
      first ??= `tensor ${name} ${error.message}`;
      unusable.set(name, { reason: error.message, damaged: true });
    }
  }
  if (placed.size === 0 && first !== undefined) throw new PickleFault(first);
  return placed;
}

/** Keys of storages that tensors take for several element types, which only one of them can be right about. */
function storagesOfTwoTypes(tensors: Iterable<StridedTensor>): Map<string, string> {
  const dtypeOf = new Map<string, string>();
  const mixed = new Map<string, string>();
  for (const { storage } of tensors) {
    const before = dtypeOf.get(storage.key);
    if (before !== undefined && before !== storage.dtype) mixed.set(storage.key, `${before} and as ${storage.dtype}`);
    dtypeOf.set(storage.key, storage.dtype);
  }
  return mixed;
}

/** The elements of a strided view in row-major order; `values` begins at the view's first element. */
function gather(values: Float32Array, { shape, strides }: StridedTensor): Float32Array {
  const out = new Float32Array(elementCount(shape));
  const index = Array.from(shape, () => 0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = values[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
