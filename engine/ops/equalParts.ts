import type { MatmulSizes } from './matrixViews.ts';

let parts = 1;

/**
 * Runs a synchronous body whose batches are `count` equal parts one behind the other, none of which knows of the
 * others: windows of as many images. A product takes the kernel that it would take for one part, and kernels round a
 * row in the same way wherever it lies, so a part's results are those that it has by itself, to the bit.
 */
export function inEqualParts<Result>(count: number, body: () => Result): Result {
  const before = parts;
  parts = count;
  try {
    return body();
  } finally {
    parts = before;
  }
}

/** Sizes of a product for one of the parts: fewer matrices where it has several, else fewer rows. */
export function sizesOfPart(sizes: MatmulSizes): MatmulSizes {
  if (parts === 1) return sizes;
  const { m, outer, inner } = sizes;
  if (outer > 1 && outer % parts === 0) return { ...sizes, outer: outer / parts };
  if (inner > 1 && inner % parts === 0) return { ...sizes, inner: inner / parts };
  return outer * inner === 1 && m % parts === 0 ? { ...sizes, m: m / parts } : sizes;
}
