/** [channels, pixels] becomes [pixels, channels]. */
export function channelsLast(values: ArrayLike<number>, channels: number): Float32Array {
  return transpose(values, channels, values.length / Math.max(1, channels));
}

/** [pixels, channels] becomes [channels, pixels]. */
export function channelsFirst(values: ArrayLike<number>, channels: number): Float32Array {
  return transpose(values, values.length / Math.max(1, channels), channels);
}

/** [rows, columns] becomes [columns, rows]. */
export function transpose(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column];
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
export function cropPlanes(planes: Float32Array, height: number, width: number, [top, left, bottom, right]: readonly number[]): Float32Array {
  const out = new Float32Array((planes.length / (height * width)) * (bottom - top) * (right - left));
  let at = 0;
  for (let plane = 0; plane < planes.length; plane += height * width) {
    for (let y = top; y < bottom; y++, at += right - left) out.set(planes.subarray(plane + y * width + left, plane + y * width + right), at);
  }
  return out;
}
