/** `y[r] = table[index[r]]`, row by row; `torch.nn.functional.embedding`. */
export function gatherRowsOracle(table: ArrayLike<number>, width: number, index: ArrayLike<number>): number[] {
  return Array.from(index).flatMap((entry) =>
    Array.from({ length: width }, (_, column) => table[entry * width + column]),
  );
}
