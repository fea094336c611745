/** A strided batch of matrices in a plain array, described as `MatrixView` of engine/ops/matmul.ts does. */
export interface OracleView {
  values: ArrayLike<number>;
  offset: number;
  rowStride: number;
  innerStride: number;
  outerStride: number;
}

/** What `matmulOracle` computes, and what is needed to say how exact a float32 result must be. */
export interface OracleProduct {
  /** [outer, inner, m, n]: activation(scale a b + bias) + residual, in float64. */
  values: Float64Array;
  /** [outer, inner, m, n]: |scale| sum |a||b|, the size that rounding errors of the sum are relative to. */
  magnitudes: Float64Array;
}

/** Sizes and epilogue of `matmulOracle`; the meaning is that of `stridedMatmul`. */
export interface OracleOptions {
  m: number;
  n: number;
  k: number;
  outer?: number;
  inner?: number;
  transposeB?: boolean;
  scale?: number;
  /** [n]. */
  bias?: ArrayLike<number>;
  activation?: 'none' | 'quickGelu' | 'gelu';
  /** Read where `out` is written. */
  residual?: OracleView;
}

/**
 * The matrix product of engine/ops/matmul.ts in float64, one dot product after the other.
 * @param a rows of m x k matrices.
 * @param b rows of k x n matrices, or of n x k ones with `transposeB`.
 */
export function matmulOracle(a: OracleView, b: OracleView, options: OracleOptions): OracleProduct {
  const { m, n, k, outer = 1, inner = 1, transposeB = false, scale = 1, bias, activation = 'none', residual } = options;
  const values = new Float64Array(outer * inner * m * n);
  const magnitudes = new Float64Array(values.length);
  let index = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++, index++) {
          let sum = 0;
          let magnitude = 0;
          for (let depth = 0; depth < k; depth++) {
            const product =
              at(a, o, i, row, depth) * (transposeB ? at(b, o, i, column, depth) : at(b, o, i, depth, column));
            sum += product;
            magnitude += Math.abs(product);
          }
          const activated = ACTIVATIONS[activation](scale * sum + (bias?.[column] ?? 0));
          values[index] = activated + (residual === undefined ? 0 : at(residual, o, i, row, column));
          magnitudes[index] = Math.abs(scale) * magnitude;
        }
      }
    }
  }
  return { values, magnitudes };
}

/** Element of a view. */
export function at(view: OracleView, outer: number, inner: number, row: number, column: number): number {
  return view.values[view.offset + outer * view.outerStride + inner * view.innerStride + row * view.rowStride + column];
}

const ACTIVATIONS = {
  none: (x: number) => x,
  quickGelu: (x: number) => x / (1 + Math.exp(-1.702 * x)),
  gelu: (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
};

/** erf to about 1e-15: its Taylor series for |x| < 3, and the continued fraction of erfc beyond. */
function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t < 3) {
    let term = x;
    let sum = x;
    for (let i = 1; Math.abs(term) > 1e-17 * Math.abs(sum); i++) {
      term *= (-x * x) / i;
      sum += term / (2 * i + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let i = 60; i > 0; i--) fraction = i / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction));
}
