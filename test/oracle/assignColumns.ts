/**
 * The largest sum of elements of x [n, n] with one from each row and each column, by trying everything: the best sum
 * for the first rows is kept for every set of columns they can use (2^n sets, so n is small).
 */
export function bestAssignmentSum(x: ArrayLike<number>, n: number): number {
  const best = new Float64Array(2 ** n).fill(-Infinity);
  best[0] = 0;
  for (let used = 0; used < best.length; used++) {
    let row = 0;
    for (let bits = used; bits > 0; bits >>= 1) row += bits & 1;
    for (let column = 0; column < n && row < n; column++) {
      const next = used | (1 << column);
      if (next !== used) best[next] = Math.max(best[next], best[used] + x[row * n + column]);
    }
  }
  return best[best.length - 1];
}
