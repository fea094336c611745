import type { CellFilter } from '../../engine/index.ts';

/**
 * Masked cells become the mean, the binomial low-pass (weights 1 2 1 / 2 4 2 / 1 2 1, divided by the sum of those in
 * bounds) or the median of their in-bounds 3x3 neighbourhood, themselves included.
 * Source: the suppression strategies of RF-CLIP's ablation.
 *
 * @param x [batch, skip + gridHeight * gridWidth, width]. @param mask [batch, cells].
 */
export function filterCellsOracle(
  x: ArrayLike<number>,
  mask: ArrayLike<number>,
  grid: { height: number; width: number },
  width: number,
  filter: CellFilter,
  skip: number,
): Float64Array {
  const y = Float64Array.from(x);
  const cells = grid.height * grid.width;
  const at = (batch: number, cell: number, c: number) => (batch * (skip + cells) + skip + cell) * width + c;
  for (let batch = 0; batch < mask.length / cells; batch++) {
    for (let cell = 0; cell < cells; cell++) {
      if (mask[batch * cells + cell] === 0) continue;
      for (let c = 0; c < width; c++) {
        const near: { value: number; weight: number }[] = [];
        for (let other = 0; other < cells; other++) {
          const dy = Math.abs(Math.floor(other / grid.width) - Math.floor(cell / grid.width));
          const dx = Math.abs((other % grid.width) - (cell % grid.width));
          if (dy <= 1 && dx <= 1)
            near.push({ value: x[at(batch, other, c)], weight: filter === 'lowPass' ? (2 - dy) * (2 - dx) : 1 });
        }
        y[at(batch, cell, c)] =
          filter === 'median'
            ? median(near.map(({ value }) => value))
            : near.reduce((sum, { value, weight }) => sum + weight * value, 0) /
              near.reduce((sum, { weight }) => sum + weight, 0);
      }
    }
  }
  return y;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return (values[Math.floor((values.length - 1) / 2)] + values[Math.floor(values.length / 2)]) / 2;
}
