/** Sizes of one product [m, k] x [k, n]. */
export interface MatmulShape {
  m: number;
  n: number;
  k: number;
}

/** What the parent asks of the ONNX Runtime child. */
export type OrtRequest = { kind: 'prepare'; shape: MatmulShape } | { kind: 'run' };

/** What the child answers: the samples of the product after `prepare`, the time of one call after `run`. */
export type OrtReply = { kind: 'prepared'; samples: number[] } | { kind: 'ran'; milliseconds: number };

/** `count` values in [-0.5, 0.5), the same in every process. */
export function operand(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

/** 256 values of a product, spread over it, by which two implementations are compared. */
export function samplesOf(product: ArrayLike<number>): number[] {
  return Array.from({ length: 256 }, (_, i) => product[Math.floor((i * (product.length - 1)) / 255)]);
}

/** [rows, columns] to [columns, rows]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column];
  return out;
}
