// @ts-check

/**
 * The bytes of base64.
 * @param {string} text
 */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * The values of packed floats.
 * @param {import('../packing.ts').PackedFloats} packed
 */
export function floatsOf({ f32 }) {
  return new Float32Array(bytesOf(f32).buffer);
}

/**
 * The values of packed maps, all of them, one after another.
 * @param {import('../packing.ts').PackedMaps} packed
 */
export function mapsOf({ u8, largest }) {
  const most = floatsOf(largest);
  const bytes = bytesOf(u8);
  const size = bytes.length / most.length;
  return Float32Array.from(bytes, (byte, i) => (byte / 255) ** 2 * most[Math.floor(i / size)]);
}

/**
 * A label map from its runs.
 * @param {readonly number[]} runs
 * @param {number} size
 */
export function labelsOf(runs, size) {
  const labels = new Uint16Array(size);
  for (let i = 0, at = 0; i < runs.length; at += runs[i + 1], i += 2) labels.fill(runs[i], at, at + runs[i + 1]);
  return labels;
}

/**
 * The shortest text that stands for exactly this number, which is a float32 where it can be one.
 * @param {number} value
 */
export function exactText(value) {
  if (Math.fround(value) !== value) return String(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/**
 * Three digits of a number, for people.
 * @param {number} value
 */
export function roundedText(value) {
  if (value === 0 || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-4) return value.toExponential(1);
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/**
 * The sum of some values.
 * @param {ArrayLike<number>} values
 */
export function sumOf(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

/**
 * The largest of some values.
 * @param {ArrayLike<number>} values
 */
export function mostOf(values) {
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]);
  return most;
}
