/**
 * Per row from `skip` on: `freed = sum over masked j of (1 - keep) x[j]`, masked columns become `keep x[j]`, the others
 * `x[j] + freed x[j] / (sum over unmasked x + 1e-8)`. The first `skip` rows and columns of every matrix are copied, and
 * take no part in the sums.
 * Source: RF-CLIP's published `attn_refocusing`, strategy refocus; there `keep` is called beta.
 *
 * @param x [matrices, rows, columns]. @param mask [matrices, columns - skip].
 */
export function redistributeColumnsOracle(
  x: ArrayLike<number>,
  mask: ArrayLike<number>,
  rows: number,
  columns: number,
  keep: number,
  skip: number,
): Float64Array {
  const y = Float64Array.from(x);
  for (let row = 0; row < x.length / columns; row++) {
    if (row % rows < skip) continue;
    const masks = Math.floor(row / rows) * (columns - skip);
    const masked = (j: number) => mask[masks + j - skip] !== 0;
    let freed = 0;
    let open = 0;
    for (let j = skip; j < columns; j++) {
      if (masked(j)) freed += (1 - keep) * x[row * columns + j];
      else open += x[row * columns + j];
    }
    for (let j = skip; j < columns; j++) {
      const value = x[row * columns + j];
      y[row * columns + j] = masked(j) ? keep * value : value + (freed * value) / (open + 1e-8);
    }
  }
  return y;
}
