/** `x[r][c] / sqrt(sum over c of x[r][c]^2)`; a row of zeros stays zero. */
export function l2NormalizeOracle(x: ArrayLike<number>, width: number): Float64Array {
  const result = Float64Array.from(x);
  for (let row = 0; row < x.length; row += width) {
    const values = result.subarray(row, row + width);
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) values.forEach((value, c) => (values[c] = value / length));
  }
  return result;
}
