import type { Comparison, ComparisonRow } from './comparison.ts';
import type { EvaluationResult } from './result.ts';

/**
 * A comparison as a plain object for JSON: per data set the means, image numbers and IoU per class of every run, and
 * published mIoU in percent.
 */
export function comparisonDocument({ columns, publishedColumns, rows, remarks }: Comparison): object {
  return { dataSets: rows.map((row) => dataSetDocument(row, columns, publishedColumns)), remarks };
}

function dataSetDocument(
  { dataSet, title, results, published }: ComparisonRow,
  columns: readonly string[],
  publishedColumns: readonly string[],
): object {
  return {
    dataSet,
    title,
    runs: Object.fromEntries(
      results.flatMap((result, k) => (result === undefined ? [] : [[columns[k], runDocument(result)]])),
    ),
    publishedMIoU: Object.fromEntries(publishedColumns.map((column, k) => [column, published[k] ?? null])),
  };
}

function runDocument({ metrics, images, classes }: EvaluationResult): object {
  return { ...metrics, images, classes: Object.fromEntries(classes.map(({ name, iou }) => [name, iou])) };
}
