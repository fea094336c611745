import { base64 } from '../system/platform.ts';

/** float32 values as base64 of their bytes, little end first: exact. */
export interface PackedFloats {
  f32: string;
}

/**
 * Maps of positive values in 8 bits each, as heat maps need no more: value = (byte / 255)² × the largest of its map.
 * The square leaves small values, of which attention mostly consists, more than one level.
 */
export interface PackedMaps {
  u8: string;
  /** The largest value of every map. */
  largest: PackedFloats;
}

/** Packs floats. */
export function packFloats(values: ArrayLike<number>): PackedFloats {
  const floats = Float32Array.from(values);
  return { f32: base64(new Uint8Array(floats.buffer)) };
}

/** Packs maps of `size` values >= 0 that follow one another. */
export function packMaps(values: Float32Array, size: number): PackedMaps {
  const bytes = new Uint8Array(values.length);
  const largest = new Float32Array(values.length / size);
  largest.forEach((_, map) => {
    const part = values.subarray(map * size, (map + 1) * size);
    const most = part.reduce((max, value) => Math.max(max, value), 0);
    largest[map] = most;
    if (most > 0) part.forEach((value, i) => (bytes[map * size + i] = Math.round(255 * Math.sqrt(value / most))));
  });
  return { u8: base64(bytes), largest: packFloats(largest) };
}

/** A label map as labels and the lengths of their runs, row by row, in turn. */
export function packRuns(labels: ArrayLike<number>): number[] {
  const runs: number[] = [];
  for (let i = 0; i < labels.length; i++) {
    if (i > 0 && labels[i] === labels[i - 1]) runs[runs.length - 1]++;
    else runs.push(labels[i], 1);
  }
  return runs;
}
