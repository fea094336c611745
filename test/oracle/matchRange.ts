/**
 * Rows of x [rows, width] with the smallest and largest element of the rows of `model`. Source: CASS's
 * `_normalize_attention_range`.
 */
export function matchRangeOracle(
  x: ArrayLike<number>,
  width: number,
  model: ArrayLike<number>,
  modelWidth: number,
): Float64Array {
  const range = (values: ArrayLike<number>, row: number, count: number): [number, number] => {
    const part = Array.from({ length: count }, (_, c) => values[row * count + c]);
    return [Math.min(...part), Math.max(...part)];
  };
  return Float64Array.from(x, (value, i) => {
    const row = Math.floor(i / width);
    const [low, high] = range(x, row, width);
    const [targetLow, targetHigh] = range(model, row, modelWidth);
    return (high > low ? (value - low) / (high - low) : 0) * (targetHigh - targetLow) + targetLow;
  });
}
