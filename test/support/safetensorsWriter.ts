import { writeFileSync } from 'node:fs';
import type { StoredDType } from '../../clip/checkpoint/checkpointFile.ts';

/** Stored elements by dtype. Halves of both kinds are their bits. */
export type StoredArray =
  Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint16Array | Uint8Array;

/** A tensor to write. */
export interface WrittenTensor {
  dtype: StoredDType;
  shape: readonly number[];
  data: StoredArray;
}

/**
 * A `.safetensors` file as bytes, written from the format's description and not with the product's code: length of the
 * header (u64, little endian), header in JSON padded with spaces to 8 bytes, then the tensors one after the other.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, WrittenTensor>>,
  metadata?: Readonly<Record<string, string>>,
): Buffer {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  return joinSafetensors(header, Buffer.concat(parts));
}

/** Header and tensor bytes as they are, right or wrong. `header` may be text, `claimedBytes` a lie about its length. */
export function joinSafetensors(header: unknown, data: Uint8Array, claimedBytes?: bigint): Buffer {
  let text = typeof header === 'string' ? header : JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimedBytes ?? BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text), data]);
}

/** Writes `encodeSafetensors` to a file and returns its path. */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, WrittenTensor>>,
  metadata?: Readonly<Record<string, string>>,
): string {
  writeFileSync(path, encodeSafetensors(tensors, metadata));
  return path;
}

/** A float32 tensor. */
export function floats(shape: readonly number[], data: Float32Array): WrittenTensor {
  return { dtype: 'F32', shape, data };
}
