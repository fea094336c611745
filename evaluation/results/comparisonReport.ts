import { percentAgainst } from './baseline.ts';
import type { Comparison, ComparisonRow } from './comparison.ts';
import { csvLine, markdownCell } from './textCells.ts';

/** A comparison as Markdown: mIoU in percent, a row per data set, then remarks. */
export function formatComparisonMarkdown(comparison: Comparison): string {
  const { columns, publishedColumns, baseline, rows, remarks } = comparison;
  const head = ['data set', ...columns, ...publishedColumns];
  const lines = [
    `| ${head.map(markdownCell).join(' | ')} |`,
    `|---|${'---:|'.repeat(head.length - 1)}`,
    ...rows.map(({ dataSet, results, published }) => {
      const measured = measuredCells(comparison, results);
      return `| ${[markdownCell(dataSet), ...measured, ...published.map(publishedFigure)].join(' | ')} |`;
    }),
    '',
    'mIoU in percent. Published figures are of CLIP ViT-B/16.',
    '',
    ...(baseline === undefined ? [] : [`In parentheses: percentage points above ${markdownCell(baseline)}.`, '']),
    ...(remarks.length === 0 ? [] : [...remarks.map((remark) => `- ${markdownCell(remark)}`), '']),
  ];
  return lines.join('\n');
}

/** mIoU of a data set's runs in percent, with the distance to the baseline where somebody chose one. */
export function measuredCells(
  { columns, baseline }: Pick<Comparison, 'columns' | 'baseline'>,
  results: ComparisonRow['results'],
): string[] {
  const base = results.find((_, k) => columns[k] === baseline);
  return results.map((result) =>
    percentAgainst(result?.metrics.mIoU, result === base ? undefined : base?.metrics.mIoU),
  );
}

/**
 * A comparison as CSV (RFC 4180), a line per result: ratios from 0 to 1, published mIoU as such a ratio too. With a
 * baseline, the last column is how far mIoU is above the baseline's.
 */
export function formatComparisonCsv({ columns, publishedColumns, baseline, rows }: Comparison): string {
  const against = (mIoU: number | null, base: number | null | undefined) =>
    baseline === undefined ? [] : [typeof mIoU === 'number' && typeof base === 'number' ? mIoU - base : ''];
  const lines = rows.flatMap(({ dataSet, results, published }) => [
    ...results.flatMap((result, k) => {
      if (result === undefined) return [];
      const { mIoU, mAcc, aAcc } = result.metrics;
      return [
        [
          dataSet,
          columns[k],
          result.evaluation.configuration.method,
          mIoU ?? '',
          mAcc ?? '',
          aAcc ?? '',
          result.images.counted,
          ...against(mIoU, results[columns.indexOf(baseline ?? '')]?.metrics.mIoU),
        ],
      ];
    }),
    ...published.flatMap((figure, k) =>
      figure === undefined
        ? []
        : [[dataSet, publishedColumns[k], '', Math.round(figure * 100) / 1e4, '', '', '', ...against(null, null)]],
    ),
  ]);
  const head = ['dataSet', 'run', 'method', 'mIoU', 'mAcc', 'aAcc', 'images'];
  return [baseline === undefined ? head : [...head, 'againstBaseline'], ...lines].map(csvLine).join('');
}

/** A published mIoU in percent with as many digits as were published, or `-`. */
export function publishedFigure(figure: number | undefined): string {
  return figure === undefined ? '-' : figure.toFixed(Number.isInteger(figure * 10) ? 1 : 2);
}
