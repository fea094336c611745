/** Largest elements of every row and their places, equal ones in order of place. Source: `torch.topk`. */
export function topValuesOracle(
  x: ArrayLike<number>,
  width: number,
  count: number,
): { values: number[]; index: number[] } {
  const places = Array.from({ length: x.length / width }, (_, row) =>
    Array.from({ length: width }, (_, c) => c)
      .sort((a, b) => x[row * width + b] - x[row * width + a] || a - b)
      .slice(0, count),
  );
  return { values: places.flatMap((row, r) => row.map((c) => x[r * width + c])), index: places.flat() };
}
