import { CheckpointError, type CheckpointFile, type CheckpointFormat, type StoredTensor } from '../checkpointFile.ts';
import { RandomAccessFile } from '../randomAccessFile.ts';
import { type ByteSource, elementCount, readStored, readStoredRows, rowWidth, storedBytes } from '../storedValues.ts';
import { ZipArchive } from '../zipArchive.ts';
import type { ZipEntry } from '../zipDirectory.ts';
import { namedTensors, type NamedTensors } from './namedTensors.ts';
import { PickleFault } from './pickleFault.ts';
import { readPickle } from './pickle.ts';
import { isRowMajor } from './rebuildTensor.ts';
import type { StridedTensor } from './values.ts';

/** The structure of ViT-L/14 has about 100 KB. */
const MAX_PICKLE_BYTES = 16 << 20;

interface Entry extends StoredTensor {
  view: StridedTensor;
  source: ByteSource;
}

/**
 * Opens a weight file of PyTorch 1.6 or later: a zip archive with the structure in `data.pkl` and one entry of raw
 * bytes per storage, written by `torch.save` (a state dict) or `torch.jit.save` (a TorchScript archive, as OpenAI
 * published CLIP). Only the structure is read now and checked against the archive; its code entries are never looked
 * at. Source: `torch/serialization.py` and `caffe2/serialize/inline_container.cc` of PyTorch 2.6.
 * @throws CheckpointError naming the file and what is wrong with it.
 */
export function openPytorchArchive(path: string): CheckpointFile {
  const file = new RandomAccessFile(path);
  try {
    return new PytorchFile(file, new ZipArchive(file));
  } catch (error) {
    file.close();
    if (error instanceof PickleFault)
      throw new CheckpointError(
        `checkpoint ${path} cannot be used: ${error.message}`,
        path,
        error,
        'convert it to safetensors with PyTorch, or save only its state dict with torch.save',
      );
    throw error;
  }
}

class PytorchFile implements CheckpointFile {
  readonly path: string;
  readonly format: CheckpointFormat;
  readonly moduleClasses: ReadonlySet<string> | undefined;
  readonly metadata = {};
  readonly tensors: ReadonlyMap<string, Entry>;
  readonly #file: RandomAccessFile;

  constructor(file: RandomAccessFile, archive: ZipArchive) {
    this.path = file.path;
    this.#file = file;
    const root = rootFolder(archive);
    checkByteOrder(archive, root);
    const structure = namedTensors(
      readPickle(archive.readEntry(archive.entries.get(`${root}data.pkl`)!, MAX_PICKLE_BYTES)),
    );
    this.moduleClasses = structure.moduleClasses;
    this.format = structure.moduleClasses === undefined ? 'PyTorch state dict' : 'TorchScript archive';
    this.tensors = placeTensors(archive, root, structure);
  }

  read(name: string): Float32Array {
    const { view, source, ...tensor } = this.#entry(name);
    const start = view.offset * storedBytes(tensor.dtype);
    if (isRowMajor(view)) return readStored(source, start, tensor);
    const last = view.shape.reduce((sum, extent, axis) => sum + (extent - 1) * view.strides[axis], 0);
    if (elementCount(view.shape) === 0) return new Float32Array(0);
    return gather(readStored(source, start, { ...tensor, shape: [last + 1] }), view);
  }

  readRows(name: string, rows: ArrayLike<number>): Float32Array {
    const { view, source, ...tensor } = this.#entry(name);
    if (isRowMajor(view)) return readStoredRows(source, view.offset * storedBytes(tensor.dtype), tensor, rows);
    const width = rowWidth(this.path, tensor, rows);
    const all = this.read(name);
    const out = new Float32Array(rows.length * width);
    for (let i = 0; i < rows.length; i++) out.set(all.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
    return out;
  }

  sha256(): string {
    return this.#file.sha256();
  }

  close(): void {
    this.#file.close();
  }

  #entry(name: string): Entry {
    const entry = this.tensors.get(name);
    if (entry === undefined) throw new CheckpointError(`checkpoint ${this.path} has no tensor ${name}`, this.path);
    return entry;
  }
}

/** PyTorch puts everything into one folder named after the file; returns it with a slash. */
function rootFolder(archive: ZipArchive): string {
  for (const name of archive.entries.keys()) {
    const match = /^([^/]*\/)?data\.pkl$/.exec(name);
    if (match !== null) return match[1] ?? '';
  }
  throw new CheckpointError(
    `checkpoint ${archive.path} is a zip archive without data.pkl, expected one that PyTorch wrote`,
    archive.path,
  );
}

function checkByteOrder(archive: ZipArchive, root: string): void {
  const entry = archive.entries.get(`${root}byteorder`);
  if (entry === undefined) return;
  const order = Buffer.from(archive.readEntry(entry, 16)).toString('latin1');
  if (order !== 'little')
    throw new CheckpointError(
      `checkpoint ${archive.path} has byte order ${JSON.stringify(order)}, expected little`,
      archive.path,
    );
}

function placeTensors(archive: ZipArchive, root: string, { tensors }: NamedTensors): Map<string, Entry> {
  const placed = new Map<string, Entry>();
  const ownerOf = new Map<ZipEntry, StridedTensor>();
  for (const [name, view] of tensors) {
    const { key, dtype, count } = view.storage;
    const entry = archive.entries.get(`${root}data/${key}`);
    if (entry === undefined) throw new PickleFault(`tensor ${name} lies in entry ${root}data/${key}, which is missing`);
    if (entry.size !== count * storedBytes(dtype))
      throw new PickleFault(
        `tensor ${name} needs ${count * storedBytes(dtype)} bytes of entry ${entry.name}, which has ${entry.size}`,
      );
    const owner = ownerOf.get(entry);
    if (owner !== undefined && owner.storage.dtype !== dtype)
      throw new PickleFault(`entry ${entry.name} is read as ${owner.storage.dtype} and as ${dtype}`);
    ownerOf.set(entry, view);
    placed.set(name, { name, dtype, shape: view.shape, view, source: archive.source(entry) });
  }
  return placed;
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
