/** A row-major matrix. */
export interface OracleMatrix {
  values: ArrayLike<number>;
  width: number;
}

/**
 * Rows `firstRow .. firstRow + rows` of several matrices side by side.
 * Source: `torch.cat([block[firstRow:firstRow + rows] for block in blocks], dim=1)`.
 */
export function concatColumnsOracle(blocks: readonly OracleMatrix[], firstRow: number, rows: number): number[] {
  const result: number[] = [];
  for (let row = firstRow; row < firstRow + rows; row++) {
    for (const { values, width } of blocks) {
      for (let column = 0; column < width; column++) result.push(values[row * width + column]);
    }
  }
  return result;
}

/** Columns `begin` to `end` of every row; `x[..., begin:end]`. */
export function sliceColumnsOracle(x: ArrayLike<number>, width: number, begin: number, end: number): number[] {
  return Array.from(x).filter((_, i) => i % width >= begin && i % width < end);
}
