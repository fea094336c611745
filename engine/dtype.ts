/** Element types a tensor can have on the device. */
export type DType = 'f32' | 'f16' | 'i32' | 'u32';

/** What `Tensor.read` returns: f16 is widened to `Float32Array`, because Node 20 has no half-precision array. */
export type HostArray = Float32Array | Int32Array | Uint32Array;

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return dtype === 'f16' ? 2 : 4;
}

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

/**
 * Rounds a float32 to the nearest IEEE 754 binary16, ties to even, and returns its 16 bits.
 * Values beyond 65504 + 16 become infinity; NaN stays NaN. Source: IEEE 754-2019, section 4.3.1.
 */
export function floatToHalfBits(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal halves are the multiples of 2^-24, and scaling by a power of two is exact.
    const scaled = Math.abs(value) * 2 ** 24;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && (floor & 1) === 1) ? 1 : 0));
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Value of a binary16 given by its 16 bits; exact in float32. */
export function halfBitsToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halfTable: Float32Array | undefined;

/** Widens an array of binary16 bits to float32, through a table of all 65,536 values made on first use. */
export function halvesToFloats(bits: Uint16Array): Float32Array {
  if (halfTable === undefined) {
    halfTable = new Float32Array(65536);
    for (let i = 0; i < 65536; i++) halfTable[i] = halfBitsToFloat(i);
  }
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = halfTable[bits[i]];
  return out;
}

/** Rounds float32 values to binary16 bits, each to nearest even. */
export function floatsToHalves(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length);
  if (!(values instanceof Float32Array)) {
    for (let i = 0; i < values.length; i++) out[i] = floatToHalfBits(values[i]);
    return out;
  }
  // Weights come by the hundred million: their bits are there already, and nearly all of them are normal halves.
  const all = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < all.length; i++) {
    const bits = all[i];
    const magnitude = bits & 0x7fffffff;
    out[i] =
      magnitude >= 0x38800000 && magnitude < 0x47800000
        ? ((bits >>> 16) & 0x8000) | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13)
        : floatToHalfBits(values[i]);
  }
  return out;
}

/**
 * Bytes of an upload, a multiple of 4, which may be those of `values` themselves: f32 from numbers, i32 and u32 from
 * integers, f16 from numbers or from `Uint16Array` bits.
 */
export function toBytes(values: ArrayLike<number>, dtype: DType): Uint8Array<ArrayBuffer> {
  if (dtype === 'f16') {
    const halves = values instanceof Uint16Array ? values : floatsToHalves(values);
    const padded = new Uint16Array(Math.ceil(halves.length / 2) * 2);
    padded.set(halves);
    return new Uint8Array(padded.buffer);
  }
  const Typed = { f32: Float32Array, i32: Int32Array, u32: Uint32Array }[dtype];
  const typed = values instanceof Typed && values.buffer instanceof ArrayBuffer ? values : new Typed(values);
  return new Uint8Array(typed.buffer as ArrayBuffer, typed.byteOffset, typed.byteLength);
}

/** `size` elements of a download; f16 is widened. */
export function fromBytes(buffer: ArrayBuffer, dtype: DType, size: number): HostArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer, 0, size);
    case 'i32':
      return new Int32Array(buffer, 0, size);
    case 'u32':
      return new Uint32Array(buffer, 0, size);
    case 'f16':
      return halvesToFloats(new Uint16Array(buffer, 0, size));
  }
}
