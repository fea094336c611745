/** `alpha a[i] + beta b[i mod b.length]`: b is repeated over a's leading axes. */
export function blendOracle(a: ArrayLike<number>, alpha: number, b: ArrayLike<number>, beta: number): Float64Array {
  return Float64Array.from(a, (value, i) => alpha * value + beta * b[i % b.length]);
}
