import { readFileSync } from 'node:fs';
import type { StoredDType } from '../../clip/checkpoint/checkpointFile.ts';

/** One tensor of a fixture file: its shape and its values widened to numbers' typed array. */
export interface FixtureTensor {
  shape: number[];
  dtype: StoredDType;
  data: Float32Array | Int32Array | Uint8Array | Float64Array | Uint16Array | BigInt64Array;
}

const VIEWS: Partial<Record<StoredDType, new (buffer: ArrayBuffer) => FixtureTensor['data']>> = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
  F16: Uint16Array,
  I64: BigInt64Array,
};

/**
 * Reads a whole `.safetensors` fixture, independently of the product's reader so that one can check the other.
 * F16 is returned as raw `Uint16Array` bits.
 */
export function readFixture(path: string): Map<string, FixtureTensor> {
  const bytes = readFileSync(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { dtype: StoredDType; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, FixtureTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [begin, end] = entry.data_offsets;
    const raw = bytes.subarray(8 + headerLength + begin, 8 + headerLength + end);
    const copy = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength);
    const view = VIEWS[entry.dtype];
    if (view === undefined) throw new Error(`${path}: fixture tensor ${name} has dtype ${entry.dtype}`);
    tensors.set(name, { shape: entry.shape, dtype: entry.dtype, data: new view(copy as ArrayBuffer) });
  }
  return tensors;
}
