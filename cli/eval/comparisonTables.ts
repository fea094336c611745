import { type Comparison, type ComparisonRow } from '../../evaluation/results/comparison.ts';
import { publishedFigure } from '../../evaluation/results/comparisonReport.ts';
import type { ClassResult } from '../../evaluation/results/result.ts';
import { asPercent } from '../../datasets/metrics.ts';
import { newTable, wordsOf } from './tables.ts';

/** mIoU per data set and run, beside published figures; all means where there is only one data set. In percent. */
export function formatComparison({ columns, publishedColumns, rows }: Comparison): string {
  // Nothing stands beside the runs then, and many of them make a wide table.
  if (rows.length === 1 && publishedColumns.length === 0) return formatMeans(rows[0], columns);
  const table = newTable(['mIoU', ...columns, ...publishedColumns]);
  for (const { dataSet, results, published } of rows)
    table.push([
      dataSet,
      ...results.map((result) => asPercent(result?.metrics.mIoU ?? null)),
      ...published.map(publishedFigure),
    ]);
  return rows.length === 1 ? `${table.toString()}\n\n${formatMeans(rows[0], columns)}` : table.toString();
}

/**
 * IoU per class and run of one data set, in percent; with two runs, also how far the second is above the first.
 * Classes are matched by name, so that lists that differ can be compared too.
 */
export function formatClassComparison({ dataSet, results }: ComparisonRow, columns: readonly string[]): string {
  const there = results.flatMap((result, k) =>
    result === undefined
      ? []
      : [{ column: columns[k], classes: new Map(result.classes.map((entry) => [entry.name, entry])) }],
  );
  const table = newTable([
    `${dataSet}: IoU`,
    ...there.map(({ column }) => column),
    ...(there.length === 2 ? ['difference'] : []),
  ]);
  const all = new Map<string, ClassResult>(there.flatMap(({ classes }) => [...classes]));
  for (const [name, entry] of all) {
    const ious = there.map(({ classes }) => classes.get(name)?.iou ?? null);
    table.push([wordsOf(entry), ...ious.map(asPercent), ...(there.length === 2 ? [difference(ious[0], ious[1])] : [])]);
  }
  return table.toString();
}

function formatMeans({ dataSet, results }: ComparisonRow, columns: readonly string[]): string {
  const table = newTable([`${dataSet}: run`, 'mIoU', 'mAcc', 'aAcc', 'images', 'images/s', 'mIoU against the first']);
  const first = results.find((result) => result !== undefined)!;
  results.forEach((result, k) => {
    if (result === undefined) return;
    const { mIoU, mAcc, aAcc } = result.metrics;
    table.push([
      columns[k],
      asPercent(mIoU),
      asPercent(mAcc),
      asPercent(aAcc),
      result.images.counted,
      result.timings.imagesPerSecond?.toFixed(2) ?? '-',
      result === first ? '' : difference(first.metrics.mIoU, mIoU),
    ]);
  });
  return table.toString();
}

/** In percentage points with its sign. */
function difference(from: number | null, to: number | null): string {
  if (from === null || to === null) return '-';
  const text = asPercent(to - from);
  return to - from >= 0 ? `+${text}` : text;
}
