/**
 * Symmetric patch affinity of attention weights: head mean without the CLS row and column, averaged with its transpose.
 * Source: RF-CLIP, defocus localisation.
 *
 * @param attention [heads, tokens, tokens]. @returns [tokens - 1, tokens - 1].
 */
export function patchAffinityOracle(attention: ArrayLike<number>, heads: number, tokens: number): Float64Array {
  const n = tokens - 1;
  const w = new Float64Array(n * n);
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const value = attention[(h * tokens + i + 1) * tokens + j + 1] / (2 * heads);
        w[i * n + j] += value;
        w[j * n + i] += value;
      }
    }
  }
  return w;
}

/** Eigenvalues (ascending) and Fiedler vector of a normalised cut. */
export interface CutOracle {
  eigenvalues: Float64Array;
  y: Float64Array;
}

/**
 * `(D - W) y = lambda D y` by Jacobi rotations of `I - D^(-1/2) W D^(-1/2)`; y belongs to the second smallest lambda,
 * `y^T D y = 1`, its component of largest magnitude is positive.
 * Source: Shi and Malik 2000, equation 11; Golub and Van Loan, section 8.5 (cyclic Jacobi).
 *
 * @param w [n, n], symmetric, positive row sums.
 */
export function normalisedCutOracle(w: ArrayLike<number>, n: number): CutOracle {
  const roots = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += w[i * n + j];
    return Math.sqrt(sum);
  });
  const a = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (__, j) => (i === j ? 1 : 0) - w[i * n + j] / (roots[i] * roots[j])),
  );
  const vectors = jacobi(a);
  const order = Array.from(a.keys()).sort((i, j) => a[i][i] - a[j][j]);
  const y = Float64Array.from({ length: n }, (_, i) => vectors[i][order[Math.min(1, n - 1)]] / roots[i]);
  const largest = y.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return { eigenvalues: Float64Array.from(order, (i) => a[i][i]), y: y.map((value) => (largest < 0 ? -value : value)) };
}

/** Diagonalises a symmetric matrix in place; columns of the result are its eigenvectors. */
function jacobi(a: Float64Array[]): Float64Array[] {
  const n = a.length;
  const v = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        off += a[p][q] ** 2;
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
        for (let k = 0; k < n; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
        for (let k = 0; k < n; k++) [v[k][p], v[k][q]] = [c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]];
      }
    }
    if (off < 1e-28) break;
  }
  return v;
}
