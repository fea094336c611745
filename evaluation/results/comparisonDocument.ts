import type { Comparison, ComparisonRow } from './comparison.ts';
import type { EvaluationResult } from './result.ts';

/**
 * A comparison as a plain object for JSON: per data set the means, image numbers and IoU per class of every run, and
 * published mIoU in percent. Where somebody chose a baseline, also how far each run is above it.
 */
export function comparisonDocument({ columns, publishedColumns, baseline, rows, remarks }: Comparison): object {
  return {
    ...(baseline === undefined ? {} : { baseline }),
    dataSets: rows.map((row) => dataSetDocument(row, { columns, publishedColumns, baseline })),
    remarks,
  };
}

function dataSetDocument(
  { dataSet, title, results, published }: ComparisonRow,
  { columns, publishedColumns, baseline }: Pick<Comparison, 'columns' | 'publishedColumns' | 'baseline'>,
): object {
  const base = results[columns.indexOf(baseline ?? '')];
  return {
    dataSet,
    title,
    runs: Object.fromEntries(
      results.flatMap((result, k) => (result === undefined ? [] : [[columns[k], runDocument(result, base)]])),
    ),
    publishedMIoU: Object.fromEntries(publishedColumns.map((column, k) => [column, published[k] ?? null])),
  };
}

function runDocument({ metrics, images, classes }: EvaluationResult, base: EvaluationResult | undefined): object {
  const ious = Object.fromEntries(classes.map(({ name, iou }) => [name, iou]));
  return {
    ...metrics,
    images,
    classes: ious,
    ...(base === undefined ? {} : { againstBaseline: distances({ metrics, classes }, base) }),
  };
}

/** Of the means, and of the classes that both have. */
function distances({ metrics, classes }: Pick<EvaluationResult, 'metrics' | 'classes'>, base: EvaluationResult) {
  const distance = (to: number | null, from: number | null) => (to === null || from === null ? null : to - from);
  const { mIoU, mAcc, aAcc } = metrics;
  const from = new Map(base.classes.map(({ name, iou }) => [name, iou]));
  return {
    mIoU: distance(mIoU, base.metrics.mIoU),
    mAcc: distance(mAcc, base.metrics.mAcc),
    aAcc: distance(aAcc, base.metrics.aAcc),
    classes: Object.fromEntries(classes.map(({ name, iou }) => [name, distance(iou, from.get(name) ?? null)])),
  };
}
