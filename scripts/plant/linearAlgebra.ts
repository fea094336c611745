/** Products and a solver in float64, for matrices as arrays of rows. */
export type Matrix = Float64Array[];

/** a bᵀ + bias: a [m, k], b [n, k] row-major, bias [n]; the result is [m, n]. */
export function affine(a: Matrix, b: ArrayLike<number>, bias?: ArrayLike<number>): Matrix {
  return a.map((row) => {
    const k = row.length;
    const out = new Float64Array(b.length / k);
    for (let n = 0; n < out.length; n++) {
      let sum = bias?.[n] ?? 0;
      for (let i = 0; i < k; i++) sum += row[i] * b[n * k + i];
      out[n] = sum;
    }
    return out;
  });
}

/** The product of two vectors of one length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The mean of rows [m, n]: [n]. */
export function meanRow(rows: Matrix): Float64Array {
  const mean = new Float64Array(rows[0].length);
  for (const row of rows) for (let i = 0; i < mean.length; i++) mean[i] += row[i] / rows.length;
  return mean;
}

/** A vector divided by its length. */
export function unitVector(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

/** Covariance of rows [m, n]: [n, n]. */
function covariance(rows: Matrix): Matrix {
  const mean = meanRow(rows);
  const n = mean.length;
  const out = Array.from({ length: n }, () => new Float64Array(n));
  const centred = new Float64Array(n);
  for (const row of rows) {
    for (let i = 0; i < n; i++) centred[i] = row[i] - mean[i];
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i][j] += (centred[i] * centred[j]) / (rows.length - 1);
  }
  return out;
}

/** x with a x = b, by Gaussian elimination; a [n, n] is symmetric and positive definite, and is overwritten. */
function solve(a: Matrix, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  for (let pivot = 0; pivot < n; pivot++) {
    for (let row = pivot + 1; row < n; row++) {
      const factor = a[row][pivot] / a[pivot][pivot];
      for (let i = pivot; i < n; i++) a[row][i] -= factor * a[pivot][i];
      x[row] -= factor * x[pivot];
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let i = row + 1; i < n; i++) x[row] -= a[row][i] * x[i];
    x[row] /= a[row][row];
  }
  return x;
}

/**
 * The direction in which some rows differ most from the others, measured by how the others vary:
 *
 *     w = (S + ridge trace(S) / n I)⁻¹ (mean of some - mean of others)     with S the covariance of the others
 *
 * Source: Fisher's linear discriminant, shrunk towards the identity.
 */
export function discriminant(some: Matrix, others: Matrix, ridge: number): Float64Array {
  const S = covariance(others);
  const n = S.length;
  const trace = S.reduce((sum, row, i) => sum + row[i], 0);
  for (let i = 0; i < n; i++) S[i][i] += (ridge * trace) / n;
  const [mean, other] = [meanRow(some), meanRow(others)];
  return solve(
    S,
    mean.map((value, i) => value - other[i]),
  );
}

/** The value below which a share of the values lies. */
export function quantile(values: Float64Array, share: number): number {
  return values.slice().sort()[Math.floor(share * (values.length - 1))];
}
