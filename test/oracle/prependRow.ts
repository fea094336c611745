/**
 * `row` before the rows of every batch of x [batch, rows, width]; `torch.cat([row.expand(batch, 1, width), x], dim=1)`.
 */
export function prependRowOracle(x: ArrayLike<number>, row: ArrayLike<number>, batch: number): number[] {
  const batchSize = x.length / batch;
  return Array.from({ length: batch }, (_, b) => [
    ...Array.from(row),
    ...Array.from(x).slice(b * batchSize, (b + 1) * batchSize),
  ]).flat();
}
