/**
 * Per row: sources keep the part `keep`, and what they lose goes to the targets that are no sources, in proportion to
 * their weight; a row without weight on such targets stays. Rows below `firstRow` are copied.
 * Source: RF-CLIP, attention redistribution.
 *
 * @param x [batch, heads, tokens, tokens]. @param sources, targets [batch, tokens - 1].
 */
export function moveAttentionOracle(
  x: ArrayLike<number>,
  sources: ArrayLike<number>,
  targets: ArrayLike<number>,
  shape: { heads: number; tokens: number },
  keep: number,
  firstRow: number,
): Float64Array {
  const { heads, tokens } = shape;
  const y = Float64Array.from(x);
  for (let row = 0; row < x.length / tokens; row++) {
    if (row % tokens < firstRow) continue;
    const masks = Math.floor(row / (tokens * heads)) * (tokens - 1) - 1;
    const isSource = (j: number) => sources[masks + j] !== 0;
    const isTarget = (j: number) => targets[masks + j] !== 0 && !isSource(j);
    let freed = 0;
    let open = 0;
    for (let j = 1; j < tokens; j++) {
      if (isSource(j)) freed += (1 - keep) * x[row * tokens + j];
      if (isTarget(j)) open += x[row * tokens + j];
    }
    if (open === 0) continue;
    for (let j = 1; j < tokens; j++) {
      const value = x[row * tokens + j];
      if (isSource(j)) y[row * tokens + j] = keep * value;
      else if (isTarget(j)) y[row * tokens + j] = value + (freed * value) / open;
    }
  }
  return y;
}
