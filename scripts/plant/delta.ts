import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { floatsToHalves } from '../../engine/dtype.ts';
import type { ChangedTensors } from './plant.ts';

/**
 * The bytes of a delta of `file`: a safetensors file that holds, of every changed tensor NAME, `NAME/index` (I32, the
 * flat indices of the elements that change) and `NAME/value` (F16, what they become), and names its base in the
 * metadata.
 * @param changed whole tensors of the same shapes
 */
export function encodeDelta(
  file: CheckpointFile,
  base: string,
  changed: ChangedTensors,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const header: Record<string, unknown> = {
    __metadata__: { ...metadata, delta_base: base, delta_base_sha256: file.sha256() },
  };
  const parts: Buffer[] = [];
  let offset = 0;
  const add = (name: string, dtype: string, data: Int32Array | Uint16Array) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype, shape: [data.length], data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  };
  for (const [name, values] of [...changed].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const before = floatsToHalves(file.read(name));
    const after = floatsToHalves(values);
    const index = Int32Array.from([...after.keys()].filter((i) => after[i] !== before[i]));
    add(`${name}/index`, 'I32', index);
    add(
      `${name}/value`,
      'F16',
      Uint16Array.from(index, (i) => after[i]),
    );
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text), ...parts]);
}
