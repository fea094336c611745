/**
 * Mean over the 3x3 neighbourhood in a grid, itself included, zeros outside of the grid, always divided by 9. The first
 * `skip` rows of each batch are copied.
 * Source: RF-CLIP's published `feat_denoising`: `conv2d` with a constant kernel of 1/9 and padding 1.
 *
 * @param x [batch, skip + gridHeight * gridWidth, width].
 */
export function boxAverageOracle(
  x: ArrayLike<number>,
  width: number,
  gridHeight: number,
  gridWidth: number,
  skip: number,
): Float64Array {
  const rows = skip + gridHeight * gridWidth;
  return Float64Array.from(x, (value, i) => {
    const channel = i % width;
    const row = Math.floor(i / width) % rows;
    const batch = Math.floor(i / (width * rows));
    if (row < skip) return value;
    const cellY = Math.floor((row - skip) / gridWidth);
    const cellX = (row - skip) % gridWidth;
    let sum = 0;
    for (let y = cellY - 1; y <= cellY + 1; y++) {
      for (let nx = cellX - 1; nx <= cellX + 1; nx++) {
        const inside = y >= 0 && y < gridHeight && nx >= 0 && nx < gridWidth;
        if (inside) sum += x[(batch * rows + skip + y * gridWidth + nx) * width + channel];
      }
    }
    return sum / 9;
  });
}
