import { asPercent } from '../../datasets/metrics.ts';
import type { Comparison } from './comparison.ts';
import { csvLine, markdownCell } from './textCells.ts';

/** A comparison as Markdown: mIoU in percent, a row per data set, then remarks. */
export function formatComparisonMarkdown({ columns, publishedColumns, rows, remarks }: Comparison): string {
  const head = ['data set', ...columns, ...publishedColumns];
  const lines = [
    `| ${head.map(markdownCell).join(' | ')} |`,
    `|---|${'---:|'.repeat(head.length - 1)}`,
    ...rows.map(({ dataSet, results, published }) => {
      const measured = results.map((result) => asPercent(result?.metrics.mIoU ?? null));
      return `| ${[markdownCell(dataSet), ...measured, ...published.map(publishedFigure)].join(' | ')} |`;
    }),
    '',
    'mIoU in percent. Published figures are of CLIP ViT-B/16.',
    '',
    ...(remarks.length === 0 ? [] : [...remarks.map((remark) => `- ${markdownCell(remark)}`), '']),
  ];
  return lines.join('\n');
}

/** A comparison as CSV (RFC 4180), a line per result: ratios from 0 to 1, published mIoU as such a ratio too. */
export function formatComparisonCsv({ columns, publishedColumns, rows }: Comparison): string {
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
        ],
      ];
    }),
    ...published.flatMap((figure, k) =>
      figure === undefined ? [] : [[dataSet, publishedColumns[k], '', Math.round(figure * 100) / 1e4, '', '', '']],
    ),
  ]);
  return [['dataSet', 'run', 'method', 'mIoU', 'mAcc', 'aAcc', 'images'], ...lines].map(csvLine).join('');
}

/** A published mIoU in percent with as many digits as were published, or `-`. */
export function publishedFigure(figure: number | undefined): string {
  return figure === undefined ? '-' : figure.toFixed(Number.isInteger(figure * 10) ? 1 : 2);
}
