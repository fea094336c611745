import { normalize } from 'node:path';
import { asPercent } from '../../datasets/metrics.ts';
import { RequestError } from '../../system/requestError.ts';
import type { EvaluationResult } from './result.ts';

/** A result and the names it goes by. */
interface NamedRun {
  name: string;
  path: string;
  result: EvaluationResult;
}

/**
 * The column that a baseline means: a column's own name, else the run of that path or method.
 *
 * @param labels the column of each result
 * @throws RequestError if no run is called so, or runs of several columns are
 */
export function baselineColumn(baseline: string, results: readonly NamedRun[], labels: readonly string[]): string {
  if (labels.includes(baseline)) return baseline;
  const place = withoutEnd(baseline);
  const rules: ((one: NamedRun) => boolean)[] = [
    ({ name, path }) => [name, path].some((known) => withoutEnd(known) === place),
    ({ result }) => (result.evaluation.configuration.method as string) === baseline,
  ];
  const columns = [...new Set(labels)];
  for (const rule of rules) {
    const meant = [...new Set(labels.filter((_, index) => rule(results[index])))];
    if (meant.length === 1) return meant[0];
    if (meant.length > 1)
      throw new RequestError(
        `the baseline ${baseline} may be any of ${meant.join(', ')}; expected the name of one of them`,
        '--baseline',
      );
  }
  throw new RequestError(
    `the baseline ${baseline} is none of the compared runs; expected one of ${columns.join(', ')}`,
    '--baseline',
  );
}

/** How far a ratio is above another one, in percentage points with its sign; `-` where one of them is none. */
export function differenceInPoints(from: number | null | undefined, to: number | null | undefined): string {
  if (from === null || from === undefined || to === null || to === undefined) return '-';
  const text = asPercent(to - from);
  return to - from >= 0 ? `+${text}` : text;
}

/** A ratio in percent, and how far it is above the baseline's; undefined where nothing is to be said of that. */
export function percentAgainst(value: number | null | undefined, baseline: number | null | undefined): string {
  const percent = asPercent(value ?? null);
  const difference = baseline === undefined ? '-' : differenceInPoints(baseline, value);
  return difference === '-' ? percent : `${percent} (${difference})`;
}

function withoutEnd(path: string): string {
  return normalize(path).replace(/(?<=.)[/\\]+$/, '');
}
