/** How often labels met predictions, [classes + 1, classes + 1]; values from `classes` on count in the last. */
export function compareLabelsOracle(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  ignored: number,
): number[] {
  const counts = Array.from({ length: (classes + 1) ** 2 }, () => 0);
  Array.from(predictions).forEach((prediction, i) => {
    const [row, column] = [labels[i], prediction].map((value) => (value < classes ? value : classes));
    if (labels[i] !== ignored) counts[row * (classes + 1) + column]++;
  });
  return counts;
}
