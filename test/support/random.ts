import fc from 'fast-check';

/** How many random cases a property that runs on the device tries; each one waits for the device. */
export const DEVICE_RUNS = 25;

/**
 * Numbers between `low` and `high` as float32 holds them, the same for the same seed (mulberry32). Properties draw
 * shapes and a seed, so that fast-check shrinks shapes and not thousands of values.
 */
export function randomFloats(seed: number, count: number, low = -1, high = 1): Float32Array {
  const next = randomSource(seed);
  return Float32Array.from({ length: count }, () => low + (high - low) * next());
}

/** Integers from 0 to `limit - 1`, the same for the same seed. */
export function randomIntegers(seed: number, count: number, limit: number): Uint32Array {
  const next = randomSource(seed);
  return Uint32Array.from({ length: count }, () => Math.floor(next() * limit));
}

/** A stream of numbers from 0 (inclusive) to 1 (exclusive). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed for the functions above. */
export const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/**
 * Lengths where mistakes hide: 1, odd and prime numbers, just below and above the 64 threads of a workgroup and their
 * multiples, or anything up to `max`.
 */
export function lengths(max = 300): fc.Arbitrary<number> {
  const special = [1, 2, 3, 7, 31, 63, 64, 65, 127, 128, 129, 197, 257].filter((length) => length <= max);
  return fc.oneof(fc.constantFrom(...special), fc.integer({ min: 1, max }));
}

/** Small sizes of a grid or an image side. */
export function sides(max = 12): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max });
}
