/** Where an output index lies in the input, in input pixels, and how the two neighbours are weighted. */
export interface SourcePoint {
  first: number;
  second: number;
  /** Weight of `second`; `first` has the rest. */
  fraction: number;
}

/**
 * The source of output index `out`: `(out + 0.5) inSize / outSize - 0.5`, at least 0, or `out (inSize - 1) / (outSize -
 * 1)` with aligned corners. Beyond the last pixel both neighbours are the last. Source:
 * `torch.nn.functional.interpolate(mode='bilinear')`, ATen's `area_pixel_compute_source_index`.
 */
export function sourcePoint(out: number, inSize: number, outSize: number, alignCorners: boolean): SourcePoint {
  const aligned = outSize > 1 ? (out * (inSize - 1)) / (outSize - 1) : 0;
  const source = alignCorners ? aligned : Math.max(0, ((out + 0.5) * inSize) / outSize - 0.5);
  const first = Math.min(Math.floor(source), inSize - 1);
  return { first, second: Math.min(first + 1, inSize - 1), fraction: source - first };
}

/**
 * Bilinear interpolation without antialiasing: the four neighbours of the source point, weighted by distance.
 * Source: as `sourcePoint`.
 *
 * @param shape [batch, height, width, channels] of x.
 * @returns [batch, outHeight, outWidth, channels].
 */
export function bilinearOracle(
  x: ArrayLike<number>,
  [batch, height, width, channels]: readonly number[],
  outHeight: number,
  outWidth: number,
  alignCorners = false,
): Float64Array {
  const y = new Float64Array(batch * outHeight * outWidth * channels);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const vertical = sourcePoint(oy, height, outHeight, alignCorners);
        const horizontal = sourcePoint(ox, width, outWidth, alignCorners);
        for (let c = 0; c < channels; c++) {
          const value = (row: number, column: number) => x[((b * height + row) * width + column) * channels + c];
          const along = (row: number) =>
            mix(value(row, horizontal.first), value(row, horizontal.second), horizontal.fraction);
          y[at++] = mix(along(vertical.first), along(vertical.second), vertical.fraction);
        }
      }
    }
  }
  return y;
}

function mix(a: number, b: number, fraction: number): number {
  return (1 - fraction) * a + fraction * b;
}
