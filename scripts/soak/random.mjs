/**
 * Numbers in [0, 1), the same for the same seed. Source: Tommy Ettinger's mulberry32, public domain.
 * @param {number} seed
 */
export function randomSource(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A seed of its own for every name.
 * @param {number} seed
 * @param {string} name
 */
export function seedOf(seed, name) {
  let hash = seed >>> 0;
  for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193) >>> 0;
  return hash & 0x7fffffff;
}
