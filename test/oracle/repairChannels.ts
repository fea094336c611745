/**
 * On listed channels, masked grid cells take the mean of their in-bounds 8 neighbours' old values; a cell without
 * neighbours, and the first `skip` rows, stay.
 * Source: RF-CLIP, embedding redistribution.
 *
 * @param x [batch, skip + gridHeight * gridWidth, width]. @param mask [batch, cells]. @param listed [width].
 */
export function repairChannelsOracle(
  x: ArrayLike<number>,
  mask: ArrayLike<number>,
  listed: ArrayLike<number>,
  grid: { height: number; width: number },
  skip: number,
): Float64Array {
  const y = Float64Array.from(x);
  const width = listed.length;
  const cells = grid.height * grid.width;
  const at = (batch: number, cell: number, c: number) => (batch * (skip + cells) + skip + cell) * width + c;
  for (let batch = 0; batch < mask.length / cells; batch++) {
    for (let cell = 0; cell < cells; cell++) {
      if (mask[batch * cells + cell] === 0) continue;
      for (let c = 0; c < width; c++) {
        const values: number[] = [];
        for (let other = 0; other < cells; other++) {
          const dy = Math.abs(Math.floor(other / grid.width) - Math.floor(cell / grid.width));
          const dx = Math.abs((other % grid.width) - (cell % grid.width));
          if (Math.max(dy, dx) === 1) values.push(x[at(batch, other, c)]);
        }
        if (listed[c] !== 0 && values.length > 0)
          y[at(batch, cell, c)] = values.reduce((sum, value) => sum + value, 0) / values.length;
      }
    }
  }
  return y;
}
