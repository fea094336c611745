import * as z from 'zod';
import { ConformanceError } from '../reading/manifest.ts';

/** How far a result may be from the recording: by value, or by the share of elements that differ at all. */
export interface Tolerance {
  kind: 'absolute' | 'share';
  value: number;
}

/** Nothing may differ. */
export const EXACT: Tolerance = { kind: 'absolute', value: 0 };

/** Largest absolute difference of two arrays. */
export interface LargestError {
  /** NaN where exactly one side is NaN. */
  error: number;
  /** Index of the element; -1 when all are equal. */
  index: number;
}

/**
 * Absolute tolerances for outputs whose manifest names none, by the output's name; the first pattern that matches
 * counts. Source: the table of recommended tolerances in the reference's README; `guide_self_out` is a sum of residual
 * stream features of unit scale, for which the manifests record about 5e-5.
 */
const DEFAULTS: readonly [pattern: RegExp, absolute: number][] = [
  [/attn|sink_score|sink_value/, 2e-5],
  [/cosine/, 5e-5],
  [/guide|x_out|out$/, 5e-5],
  [/dense|cls|tokens|features$/, 2e-4],
  [/logits/, 2e-5],
  [/probabilities/, 1e-4],
];

/** What remains: interpolation and normalisation. */
const DEFAULT_ABSOLUTE = 1e-5;

const measured = z.object({ recommended_abs: z.number().nonnegative() });
const shareText = /^at most ([0-9.]+(?:e-?[0-9]+)?) of the pixels may differ/;
const numberText = /^[0-9.]+(?:e-?[0-9]+)?$/;

/** The default absolute tolerance of an output, see `DEFAULTS`. */
export function defaultTolerance(output: string): number {
  return DEFAULTS.find(([pattern]) => pattern.test(output))?.[1] ?? DEFAULT_ABSOLUTE;
}

/**
 * Tolerance of one output as a manifest states it: a measured entry (`recommended_abs`), "exact", a number in a string,
 * "at most 0.0005 of the pixels may differ", per output or for all of them. Where it states none, integers and bytes
 * must be equal and floats get a documented default.
 * @throws ConformanceError for a tolerance of no known form.
 */
export function toleranceOf(tolerance: unknown, output: string, dtype: string): Tolerance {
  const whole = measured.safeParse(tolerance);
  if (whole.success) return { kind: 'absolute', value: whole.data.recommended_abs };
  const entry =
    tolerance !== null && typeof tolerance === 'object' ? (tolerance as Record<string, unknown>)[output] : tolerance;
  if (entry === undefined)
    return dtype.startsWith('float') ? { kind: 'absolute', value: defaultTolerance(output) } : EXACT;
  const own = measured.safeParse(entry);
  if (own.success) return { kind: 'absolute', value: own.data.recommended_abs };
  if (typeof entry === 'string') {
    const share = shareText.exec(entry);
    if (share !== null) return { kind: 'share', value: Number(share[1]) };
    if (numberText.test(entry)) return { kind: 'absolute', value: Number(entry) };
    if (entry.startsWith('exact')) return EXACT;
  }
  throw new ConformanceError(
    `the tolerance of ${output} is ${JSON.stringify(entry)?.slice(0, 80)}, expected a measured entry, a number, ` +
      `"exact" or a share of pixels`,
  );
}

/**
 * The largest absolute difference and where it is; equal infinities and two NaN count as equal. Lengths must be the
 * same.
 */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): LargestError {
  let error = 0;
  let index = -1;
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i] || (Number.isNaN(actual[i]) && Number.isNaN(expected[i]))) continue;
    const difference = Math.abs(actual[i] - expected[i]);
    if (Number.isNaN(difference)) return { error: NaN, index: i };
    if (difference > error) [error, index] = [difference, i];
  }
  return { error, index };
}

/** Indices of the elements that differ at all. */
export function differences(actual: ArrayLike<number>, expected: ArrayLike<number>): number[] {
  const indices: number[] = [];
  for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) indices.push(i);
  return indices;
}

/** `[2, 0, 7]`: where an element lies in a tensor. */
export function positionOf(index: number, shape: readonly number[]): string {
  const position: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return `[${position.join(', ')}]`;
}

/** How a threshold decision came about, see `maskVerdict`. */
export interface MaskEvidence {
  /** Our own scores, one per element of the mask. */
  scores: ArrayLike<number>;
  threshold: number;
  /** How close the closest recorded score comes to the threshold; undefined when the manifest does not say. */
  margin: number | undefined;
  /** Numerical error of the scores: measured where they are recorded, else the tolerance of such scores. */
  error: number;
}

/** Verdict on a mask: how many elements differ, and whether they may. */
export interface MaskVerdict {
  different: number;
  tolerated: boolean;
}

/**
 * Masks must be equal, with one exception: where the recorded margin is not above the numerical error, elements whose
 * own score lies that close to the threshold may fall on the other side.
 * @param actual our mask, 0 or 1; @param expected the recorded one, of the same length.
 */
export function maskVerdict(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  evidence: MaskEvidence,
): MaskVerdict {
  const indices = differences(actual, expected);
  const { scores, threshold, margin, error } = evidence;
  const within = (index: number) => Math.abs(scores[index] - threshold) <= error;
  return {
    different: indices.length,
    tolerated: indices.length === 0 || (margin !== undefined && margin <= error && indices.every(within)),
  };
}
