import { halvesToFloats } from '../../engine/dtype.ts';
import type { StoredDType } from './checkpointFile.ts';

const BYTES: Record<StoredDType, number> = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, I16: 2, I8: 1, U8: 1, BOOL: 1 };

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
export function storedToFloats(bytes: Uint8Array, dtype: StoredDType): Float32Array {
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
