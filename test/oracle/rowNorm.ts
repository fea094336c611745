/** Euclidean length of every row: x [rows, width], result [rows]. Source: `torch.norm(dim=-1)`. */
export function rowNormOracle(x: ArrayLike<number>, width: number): Float64Array {
  return Float64Array.from({ length: x.length / width }, (_, row) => {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += x[row * width + c] ** 2;
    return Math.sqrt(sum);
  });
}
