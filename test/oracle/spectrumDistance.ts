/**
 * `sum_k |p_ik / sum p_i - q_jk / sum q_j|` for one batch: p [headsP, count], q [headsQ, count], result [headsP,
 * headsQ]. Source: `wasserstein_distance_pytorch` of CASS, after its normalisation.
 */
export function spectrumDistanceOracle(p: ArrayLike<number>, q: ArrayLike<number>, count: number): Float64Array {
  const rows = (x: ArrayLike<number>) =>
    Array.from({ length: x.length / count }, (_, row) => {
      const values = Array.from({ length: count }, (_, k) => x[row * count + k]);
      const sum = Math.max(
        values.reduce((total, value) => total + value, 0),
        1e-12,
      );
      return values.map((value) => value / sum);
    });
  const [left, right] = [rows(p), rows(q)];
  return Float64Array.from(
    left.flatMap((a) => right.map((b) => a.reduce((total, value, k) => total + Math.abs(value - b[k]), 0))),
  );
}
