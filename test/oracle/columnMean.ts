/**
 * `1 / divisor * sum over rows i >= skip of x[m][i][skip + j]`.
 * Source: the sink score of RF-CLIP's published `attn_refocusing` (skip 1, divided by the number of tokens).
 *
 * @param x [matrices, rows, columns]. @returns [matrices, columns - skip].
 */
export function columnMeanOracle(
  x: ArrayLike<number>,
  rows: number,
  columns: number,
  skip: number,
  divisor: number,
): Float64Array {
  const matrices = x.length / (rows * columns);
  const width = columns - skip;
  return Float64Array.from({ length: matrices * width }, (_, i) => {
    const matrix = Math.floor(i / width);
    let sum = 0;
    for (let row = skip; row < rows; row++) sum += x[(matrix * rows + row) * columns + skip + (i % width)];
    return sum / divisor;
  });
}
