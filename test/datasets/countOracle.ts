import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import type { DataSet } from '../../datasets/dataSet.ts';

/**
 * Counts by a map of label and prediction, from the published rule for labels.
 *
 * @param predictionOf the predicted class of every pixel, [H,W]
 * @returns cell numbers and counts in turn, as results store them; a cell is label * (classes + 1) + prediction
 */
export async function countByOracle(
  dataSet: DataSet,
  predictionOf: (id: string) => ArrayLike<number> | Promise<ArrayLike<number>>,
): Promise<number[]> {
  const columns = dataSet.classes.classes.length + 1;
  const counts = new Map<number, number>();
  for (const { id, label: path } of dataSet.pairs) {
    const predicted = await predictionOf(id);
    (await readLabelMap(path)).data.forEach((raw, i) => {
      const label = dataSet.reduceZeroLabel ? raw - 1 : raw;
      if (raw === 255 || label < 0) return;
      const cell = Math.min(label, columns - 1) * columns + predicted[i];
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
    });
  }
  return [...counts].sort(([a], [b]) => a - b).flat();
}
