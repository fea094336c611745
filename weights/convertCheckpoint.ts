import { dirname } from 'node:path';
import {
  CheckpointError,
  type CheckpointFile,
  type StoredDType,
  type StoredTensor,
} from '../clip/checkpoint/checkpointFile.ts';
import { elementCount, storedBytes } from '../clip/checkpoint/storedValues.ts';
import { NOT_WEIGHTS } from '../clip/config.ts';
import { atomicWriteSync } from '../system/atomicWriteSync.ts';
import { removeStaleFiles, TEMPORARY_NAME } from '../system/temporaryFiles.ts';
import { floatsToHalves } from '../engine/dtype.ts';
import { tensorChunks } from './tensorChunks.ts';

/** Element types that are written; float64 becomes float32. */
type WrittenDType = 'F32' | 'F16' | 'BF16';

/** How to convert. */
export interface ConvertOptions {
  /** Element type of all weights; default: as the file has them. */
  dtype?: 'F32' | 'F16';
  /** Stored in the file, beside the source's own metadata. */
  metadata?: Readonly<Record<string, string>>;
  onTensor?: (name: string) => void;
}

/**
 * Writes the weights of a checkpoint as one safetensors file, tensor by tensor and under its names, appearing whole or
 * not at all; what a killed conversion left in the folder is removed. Integer entries, which follow from the shapes,
 * are left out. Source: the safetensors format description.
 * @returns number of tensors and bytes written.
 * @throws CheckpointError when a value does not fit the element type or the source is damaged; OutputError when the
 *   target cannot be written.
 */
export function convertCheckpoint(
  file: CheckpointFile,
  target: string,
  options: ConvertOptions = {},
): { tensors: number; bytes: number } {
  const weights = [...file.tensors.values()].filter((tensor) => isFloat(tensor.dtype) && !NOT_WEIGHTS.has(tensor.name));
  if (weights.length === 0)
    throw new CheckpointError(`checkpoint ${file.path} has no floating-point tensors to convert`, file.path);
  const planned = weights.map((tensor) => ({ ...tensor, dtype: options.dtype ?? writtenDType(tensor.dtype) }));
  const header = encodeHeader(planned, { format: 'pt', ...file.metadata, ...options.metadata });
  removeStaleFiles(dirname(target), [TEMPORARY_NAME]);
  const bytes = atomicWriteSync(target, (write) => {
    write(header);
    for (const { name, dtype } of planned) {
      for (const values of tensorChunks(file, name)) write(encode(values, dtype as WrittenDType, name, file.path));
      options.onTensor?.(name);
    }
  });
  return { tensors: planned.length, bytes };
}

function encodeHeader(tensors: readonly StoredTensor[], metadata: Record<string, string>): Buffer {
  // Without a prototype, so that a tensor called __proto__ is a tensor like any other.
  const header = Object.assign(Object.create(null) as Record<string, unknown>, { __metadata__: metadata });
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = offset + elementCount(shape) * storedBytes(dtype);
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Tensors begin at a multiple of 8; the format allows spaces after the JSON.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length), 0);
  json.copy(bytes, 8);
  return bytes;
}

function encode(values: Float32Array, dtype: WrittenDType, name: string, path: string): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (dtype === 'F16') {
    const tooLarge = values.find((value) => Number.isFinite(value) && Math.abs(value) >= 65520);
    if (tooLarge !== undefined)
      throw new CheckpointError(
        `checkpoint ${path}: tensor ${name} holds ${tooLarge}, which float16 cannot`,
        path,
        undefined,
        'convert to float32, with --dtype f32 or the option dtype: "F32"',
      );
    return new Uint8Array(floatsToHalves(values).buffer);
  }
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  // The values were read from bfloat16, so that the lower halves are zero.
  return new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer);
}

function isFloat(dtype: StoredDType): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}

function writtenDType(dtype: StoredDType): WrittenDType {
  return dtype === 'F16' || dtype === 'BF16' ? dtype : 'F32';
}
