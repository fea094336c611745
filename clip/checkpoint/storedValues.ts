import { halvesToFloats } from '../../engine/dtype.ts';
import { CheckpointError, type StoredDType, type StoredTensor } from './checkpointFile.ts';

const BYTES: Record<StoredDType, number> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Bytes of one stored element. */
export function storedBytes(dtype: StoredDType): number {
  return BYTES[dtype];
}

/** Whether a name is a dtype this reader knows. */
export function isStoredDType(name: string): name is StoredDType {
  return Object.hasOwn(BYTES, name);
}

/**
 * Little-endian stored bytes as float32. F16 and BF16 widen exactly; F64 and 64-bit integers round to nearest.
 */
function storedToFloats(bytes: Uint8Array, dtype: StoredDType): Float32Array {
  const count = bytes.byteLength / BYTES[dtype];
  // A copy starts at an aligned address, which typed arrays need and a slice of a file does not give.
  const buffer = bytes.slice().buffer;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return halvesToFloats(new Uint16Array(buffer));
    case 'BF16': {
      const widened = new Uint32Array(count);
      const halves = new Uint16Array(buffer);
      for (let i = 0; i < count; i++) widened[i] = halves[i] << 16;
      return new Float32Array(widened.buffer);
    }
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    case 'I64':
      return Float32Array.from(new BigInt64Array(buffer), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(buffer));
    case 'I16':
      return Float32Array.from(new Int16Array(buffer));
    case 'I8':
      return Float32Array.from(new Int8Array(buffer));
    case 'U8':
    case 'BOOL':
      return Float32Array.from(new Uint8Array(buffer));
  }
}

/** Bytes that can be read by offset: a file, or an inflated archive entry. */
export interface ByteSource {
  readonly path: string;
  /** Fills `target` from `position` on. @throws CheckpointError when there are too few bytes; `what` names them. */
  readInto(target: Uint8Array, position: number, what: string): void;
}

/** Eight times the token table of the largest published CLIP. */
const MAX_VALUES = 1 << 29;

/** Bounds the stored bytes that are in memory beside the floats they become; a whole number of every element. */
const CHUNK_BYTES = 1 << 20;

/**
 * All values of a row-major tensor that starts at byte `position`, as float32. Stored bytes pass through a small
 * buffer, so that little more than the result is in memory.
 * @throws CheckpointError when the source ends inside the tensor.
 */
export function readStored(source: ByteSource, position: number, tensor: StoredTensor): Float32Array {
  const out = allocate(source.path, tensor.name, elementCount(tensor.shape));
  readInto(source, position, tensor, out);
  return out;
}

/**
 * Rows of the first axis of a row-major tensor, in the order asked for: float32 [rows.length, rest]. Neighbouring rows
 * are read at once.
 * @throws CheckpointError for a row that is not there, or when the source ends inside the tensor.
 */
export function readStoredRows(
  source: ByteSource,
  position: number,
  tensor: StoredTensor,
  rows: ArrayLike<number>,
): Float32Array {
  const width = rowWidth(source.path, tensor, rows);
  const rowBytes = width * storedBytes(tensor.dtype);
  const out = allocate(source.path, tensor.name, rows.length * width);
  for (let first = 0; first < rows.length;) {
    let last = first + 1;
    while (last < rows.length && rows[last] === rows[last - 1] + 1) last++;
    readInto(source, position + rows[first] * rowBytes, tensor, out.subarray(first * width, last * width));
    first = last;
  }
  return out;
}

/**
 * Rows of the first axis, by way of all values: for a tensor whose rows do not lie in the file as they are.
 * @param readAll gives the values of the tensor
 * @throws CheckpointError as `rowWidth`, before anything is read
 */
export function rowsOfAll(
  path: string,
  tensor: StoredTensor,
  rows: ArrayLike<number>,
  readAll: () => Float32Array,
): Float32Array {
  const width = rowWidth(path, tensor, rows);
  const all = readAll();
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) out.set(all.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  return out;
}

/** Values of one row of the first axis. @throws CheckpointError when one of `rows` is not in the tensor. */
function rowWidth(path: string, { name, shape }: StoredTensor, rows: ArrayLike<number>): number {
  if (shape.length === 0)
    throw new CheckpointError(`checkpoint ${path}: rows of ${name}, which is a single value`, path);
  for (let i = 0; i < rows.length; i++) {
    if (!Number.isInteger(rows[i]) || rows[i] < 0 || rows[i] >= shape[0])
      throw new CheckpointError(`checkpoint ${path}: row ${rows[i]} of ${name}, which has ${shape[0]}`, path);
  }
  return elementCount(shape.slice(1));
}

/**
 * Room for values that are read at once.
 * @throws CheckpointError for more than any weight has: a sparse file of terabytes costs nothing to make.
 */
function allocate(path: string, name: string, count: number): Float32Array {
  if (count > MAX_VALUES)
    throw new CheckpointError(
      `checkpoint ${path}: tensor ${name} has ${count} values, at most ${MAX_VALUES} are read at once`,
      path,
    );
  return new Float32Array(count);
}

/** Number of values of a shape; 1 for a single value. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function readInto(source: ByteSource, position: number, { name, dtype }: StoredTensor, out: Float32Array): void {
  const what = `tensor ${name}`;
  if (dtype === 'F32') {
    source.readInto(new Uint8Array(out.buffer, out.byteOffset, out.byteLength), position, what);
    return;
  }
  const bytes = storedBytes(dtype);
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, out.length * bytes));
  for (let done = 0; done < out.length;) {
    const part = chunk.subarray(0, Math.min(chunk.length, (out.length - done) * bytes));
    source.readInto(part, position + done * bytes, what);
    out.set(storedToFloats(part, dtype), done);
    done += part.length / bytes;
  }
}
