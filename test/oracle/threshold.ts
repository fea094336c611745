/** x where it is at least `limit`, else 0. */
export function zeroBelowOracle(x: ArrayLike<number>, limit: number): number[] {
  return Array.from(x, (value) => (value >= limit ? value : 0));
}

/** 1 where x is above `limit`, else 0. */
export function greaterThanOracle(x: ArrayLike<number>, limit: number): number[] {
  return Array.from(x, (value) => (value > limit ? 1 : 0));
}
