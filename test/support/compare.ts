import { expect } from 'vitest';
import { positionOf } from '../../conformance/comparison/compare.ts';

/** Unit roundoff of float32: the relative error of one rounded operation. */
export const U = 2 ** -24;

/**
 * What a result below the normal range of float32 may be off by: WGSL allows subnormal numbers to be flushed to zero.
 */
export const TINY = 2 ** -126;

/** What was computed, what it should be, and how far apart they may be. */
export interface Comparison {
  actual: ArrayLike<number>;
  expected: ArrayLike<number>;
  /** Absolute tolerance, for all elements or by element. */
  tolerance: number | ((index: number) => number);
  /** Shape, so that the report can say where the worst element is. */
  shape?: readonly number[];
}

/**
 * The element that exceeds its tolerance most, as a sentence, or undefined when all are within. An element that is NaN
 * on one side only, or an infinity on one side only, is never within.
 */
export function worstElement({ actual, expected, tolerance, shape }: Comparison): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} elements, expected ${expected.length}`;
  const allowed = typeof tolerance === 'number' ? () => tolerance : tolerance;
  let worst = -1;
  let worstRatio = 1;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const ratio = Math.abs(actual[i] - expected[i]) / allowed(i);
    if (!(ratio <= worstRatio)) {
      worst = i;
      worstRatio = Number.isNaN(ratio) ? Infinity : ratio;
    }
  }
  if (worst < 0) return undefined;
  const place = shape === undefined ? '' : ` at ${positionOf(worst, shape)}`;
  const error = Math.abs(actual[worst] - expected[worst]);
  return (
    `element ${worst}${place} is ${actual[worst]}, expected ${expected[worst]}: off by ${error.toExponential(2)}, ` +
    `${worstRatio.toPrecision(3)} times its tolerance ${allowed(worst).toExponential(2)}`
  );
}

/** Fails with the worst element when any exceeds its tolerance. */
export function expectClose(comparison: Comparison): void {
  expect(worstElement(comparison)).toBeUndefined();
}

/** Fails unless all elements are equal. */
export function expectEqual(actual: ArrayLike<number>, expected: ArrayLike<number>, shape?: readonly number[]): void {
  expectClose({ actual, expected, tolerance: 0, shape });
}
