import type { RowReduction } from '../../engine/index.ts';

/** Minimum, maximum, sum or mean of every row of x [rows, width]. */
export function rowReduceOracle(x: ArrayLike<number>, width: number, reduction: RowReduction): Float64Array {
  return Float64Array.from({ length: x.length / width }, (_, r) => {
    const row = Array.from({ length: width }, (_, c) => x[r * width + c]);
    const sum = row.reduce((total, value) => total + value, 0);
    return { min: Math.min(...row), max: Math.max(...row), sum, mean: sum / width }[reduction];
  });
}
