/** [channels, pixels] becomes [pixels, channels]. */
export function channelsLast(values: ArrayLike<number>, channels: number): Float32Array {
  return transpose(values, channels, values.length / Math.max(1, channels));
}

/** [pixels, channels] becomes [channels, pixels]. */
export function channelsFirst(values: ArrayLike<number>, channels: number): Float32Array {
  return transpose(values, values.length / Math.max(1, channels), channels);
}

/** [rows, columns] becomes [columns, rows]. */
function transpose(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column];
  return out;
}

/** Every third row and column of planes [channels, height, width], as some recordings are thinned. */
export function everyThird(planes: Float32Array, height: number, width: number): Float32Array {
  const out: number[] = [];
  for (let plane = 0; plane < planes.length; plane += height * width) {
    for (let y = 0; y < height; y += 3) for (let x = 0; x < width; x += 3) out.push(planes[plane + y * width + x]);
  }
  return Float32Array.from(out);
}

/** Rows `top..bottom` and columns `left..right` (exclusive) of planes [channels, height, width]. */
export function cropPlanes(
  planes: Float32Array,
  height: number,
  width: number,
  [top, left, bottom, right]: readonly number[],
): Float32Array {
  const out = new Float32Array((planes.length / (height * width)) * (bottom - top) * (right - left));
  let at = 0;
  for (let plane = 0; plane < planes.length; plane += height * width) {
    for (let y = top; y < bottom; y++, at += right - left)
      out.set(planes.subarray(plane + y * width + left, plane + y * width + right), at);
  }
  return out;
}

/** Sum of attention maps [H, T, T] over `count`, without the row and the column of CLS: [H, N, N]. */
export function meanPatchAttention(maps: readonly Float32Array[], heads: number, count = maps.length): Float32Array {
  const T = Math.round(Math.sqrt(maps[0].length / heads));
  const N = T - 1;
  const out = new Float32Array(heads * N * N);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < N; row++) {
      for (let column = 0; column < N; column++) {
        let sum = 0;
        for (const map of maps) sum += map[(head * T + row + 1) * T + column + 1];
        out[(head * N + row) * N + column] = sum / count;
      }
    }
  }
  return out;
}
