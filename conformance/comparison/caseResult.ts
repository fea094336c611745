import { RfclipError } from '../../engine/errors.ts';
import type { CaseChecks, Finding } from './caseChecks.ts';

/** What came of one case. */
export interface CaseResult {
  /** `folder/case`. */
  name: string;
  verdict: 'ok' | 'FAIL' | 'skip';
  /** Of the output that came closest to its tolerance, or beyond it most; undefined where nothing was compared. */
  error?: number;
  /** 0: had to be equal. */
  tolerance?: number;
  /** Which output that is. */
  output?: string;
  /** How many comparisons were made. */
  compared: number;
  /** Why it failed or was skipped, and what else is worth saying; one line, often empty. */
  note: string;
}

/** Counts of a run, and every result in order. */
export interface ConformanceSummary {
  passed: number;
  failed: number;
  skipped: number;
  results: CaseResult[];
}

/** The result of a case that ran to its end. */
export function judge(name: string, checks: CaseChecks): CaseResult {
  const { findings, pending, notes, lack } = checks;
  if (lack !== undefined) return { name, verdict: 'skip', compared: 0, note: lack };
  const failures = findings.filter((finding) => !finding.ok);
  const sentences: string[] = [];
  if (failures.length > 0) sentences.push(worst(failures)!.detail ?? `${failures[0].what} differs`);
  if (failures.length > 1) sentences.push(`and ${failures.length - 1} more outputs are wrong`);
  if (pending.length > 0) sentences.push(`nothing was compared with the recorded ${pending.join(', ')}`);
  if (findings.length === 0) sentences.push('nothing was compared');
  const failed = sentences.length > 0;
  const decisive = worst(findings);
  return {
    name,
    verdict: failed ? 'FAIL' : 'ok',
    ...(decisive === undefined ? {} : { error: decisive.error, tolerance: decisive.tolerance, output: decisive.what }),
    compared: findings.length,
    note: [...sentences, ...notes].join('; '),
  };
}

/** The result of a case that could not be run to its end. */
export function failure(name: string, error: unknown): CaseResult {
  return { name, verdict: 'FAIL', compared: 0, note: sentenceOf(error) };
}

/** What an error says in one sentence, whether somebody expected it or not. */
export function sentenceOf(error: unknown): string {
  if (error instanceof RfclipError) return error.message;
  return `unexpected failure (please report it): ${error instanceof Error ? error.message : String(error)}`;
}

/** Counts verdicts. */
export function summarise(results: readonly CaseResult[]): ConformanceSummary {
  const count = (verdict: CaseResult['verdict']) => results.filter((result) => result.verdict === verdict).length;
  return { passed: count('ok'), failed: count('FAIL'), skipped: count('skip'), results: [...results] };
}

/**
 * `ok    clip/visual/tiny_a/main   error 3.1e-6, tolerance 6.0e-5 (hidden)`: one line per case, without a line break.
 */
export function formatCaseLine(result: CaseResult): string {
  const figures = formatFigures(result);
  const parts = [result.verdict.padEnd(4), result.name.padEnd(44), figures, result.note].filter((part) => part !== '');
  return printable(parts.join('  ').trimEnd());
}

/** `212 passed, 0 failed, 40 skipped`: the last line of a run. */
export function formatSummary(summary: ConformanceSummary): string {
  return `${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped`;
}

function formatFigures({ error, tolerance, output, compared }: CaseResult): string {
  if (error === undefined || tolerance === undefined) return '';
  const place = compared > 1 ? ` (${output}, of ${compared})` : ` (${output})`;
  if (tolerance === 0) return (error === 0 ? 'exact' : `error ${error.toPrecision(2)}, must be equal`) + place;
  return `error ${error === 0 ? '0' : error.toExponential(1)}, tolerance ${tolerance.toExponential(1)}${place}`;
}

/** The finding that uses most of its tolerance, failures first. */
function worst(findings: readonly Finding[]): Finding | undefined {
  const strain = ({ ok, error, tolerance }: Finding) =>
    ok
      ? tolerance === 0
        ? 0
        : error / tolerance
      : Number.isNaN(error)
        ? Infinity
        : 1 + error / Math.max(tolerance, 1e-30);
  // Where several use as much, one that could have used more says more.
  const beats = (one: Finding, other: Finding) =>
    strain(one) > strain(other) || (strain(one) === strain(other) && one.tolerance > other.tolerance);
  return findings.reduce<Finding | undefined>(
    (most, finding) => (most === undefined || beats(finding, most) ? finding : most),
    undefined,
  );
}

/** Names come from files: control characters could rewrite the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}
