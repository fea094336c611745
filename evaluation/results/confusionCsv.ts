import { restoreConfusion } from '../../datasets/confusion.ts';
import type { EvaluationResult } from './result.ts';
import { csvLine } from './textCells.ts';

/** Stands for labels and predictions that are no class, in the last row and column. */
export const NO_CLASS = '(no class)';

/**
 * The confusion as CSV (RFC 4180), in pixels: a row per label, a column per prediction, K+1 of each, with a line and a
 * column of names. @throws RfclipError if the result's counts are none
 */
export function formatConfusionCsv({ classes, confusion }: EvaluationResult): string {
  const { counts } = restoreConfusion(confusion, 'the result');
  const names = [...classes.map(({ name }) => name), NO_CLASS];
  const rows = names.map((name, row) =>
    csvLine([name, ...counts.subarray(row * names.length, (row + 1) * names.length)]),
  );
  return csvLine(['label \\ prediction', ...names]) + rows.join('');
}
