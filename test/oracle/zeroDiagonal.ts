/** Matrices [any, n, n] with their diagonals set to 0. Source: `torch.Tensor.fill_diagonal_(0)`. */
export function zeroDiagonalOracle(x: ArrayLike<number>, n: number): Float64Array {
  return Float64Array.from(x, (value, i) => (Math.floor(i / n) % n === i % n ? 0 : value));
}
