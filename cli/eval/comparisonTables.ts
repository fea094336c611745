import { type Comparison, type ComparisonRow } from '../../evaluation/results/comparison.ts';
import { differenceInPoints, percentAgainst } from '../../evaluation/results/baseline.ts';
import { measuredCells, publishedFigure } from '../../evaluation/results/comparisonReport.ts';
import type { ClassResult } from '../../evaluation/results/result.ts';
import { asPercent } from '../../datasets/metrics.ts';
import { newTable, wordsOf } from './tables.ts';

/**
 * mIoU per data set and run, beside published figures; all means where there is only one data set. In percent, and with
 * a baseline in percentage points above it.
 */
export function formatComparison(comparison: Comparison): string {
  const { columns, publishedColumns, rows } = comparison;
  // Nothing stands beside the runs then, and many of them make a wide table.
  if (rows.length === 1 && publishedColumns.length === 0) return formatMeans(rows[0], comparison);
  const table = newTable(['mIoU', ...columns, ...publishedColumns]);
  for (const { dataSet, results, published } of rows)
    table.push([dataSet, ...measuredCells(comparison, results), ...published.map(publishedFigure)]);
  return rows.length === 1 ? `${table.toString()}\n\n${formatMeans(rows[0], comparison)}` : table.toString();
}

/**
 * IoU per class and run of one data set, in percent; with a baseline, also how far each of the others is above it, and
 * with two runs and none, how far the second is above the first. Classes are matched by name, so that lists that differ
 * can be compared too.
 */
export function formatClassComparison(
  { dataSet, results }: ComparisonRow,
  { columns, baseline }: Pick<Comparison, 'columns' | 'baseline'>,
): string {
  const there = results.flatMap((result, k) =>
    result === undefined
      ? []
      : [{ column: columns[k], classes: new Map(result.classes.map((entry) => [entry.name, entry])) }],
  );
  const base = there.find(({ column }) => column === baseline);
  const isPair = there.length === 2 && base === undefined;
  const table = newTable([`${dataSet}: IoU`, ...there.map(({ column }) => column), ...(isPair ? ['difference'] : [])]);
  const all = new Map<string, ClassResult>(there.flatMap(({ classes }) => [...classes]));
  for (const [name, entry] of all) {
    const ious = there.map(({ classes }) => classes.get(name)?.iou ?? null);
    const from = base?.classes.get(name)?.iou;
    table.push([
      wordsOf(entry),
      ...ious.map((iou, k) => percentAgainst(iou, there[k] === base ? undefined : from)),
      ...(isPair ? [differenceInPoints(ious[0], ious[1])] : []),
    ]);
  }
  return table.toString();
}

function formatMeans(
  { dataSet, results }: ComparisonRow,
  { columns, baseline }: Pick<Comparison, 'columns' | 'baseline'>,
): string {
  const table = newTable([
    `${dataSet}: run`,
    'mIoU',
    'mAcc',
    'aAcc',
    'images',
    'images/s',
    `mIoU against ${baseline ?? 'the first'}`,
  ]);
  const first = results.find(
    (result, k) => result !== undefined && (baseline === undefined || columns[k] === baseline),
  );
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
      result === first ? '' : differenceInPoints(first?.metrics.mIoU, mIoU),
    ]);
  });
  return table.toString();
}
