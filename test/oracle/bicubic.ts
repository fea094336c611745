/** The cubic convolution kernel with A = -0.75 (Keys 1981, equation 4; A as in PyTorch and OpenCV). */
export function cubicWeight(distance: number): number {
  const A = -0.75;
  const t = Math.abs(distance);
  if (t <= 1) return (A + 2) * t ** 3 - (A + 3) * t ** 2 + 1;
  if (t < 2) return A * t ** 3 - 5 * A * t ** 2 + 8 * A * t - 4 * A;
  return 0;
}

/**
 * `y[oy][ox] = sum over rows i and columns j within 2 of the source point of weight(sy - i) weight(sx - j) x[i][j]`,
 * where the source point is `(out + 0.5) step - 0.5` and rows and columns outside of the image are the nearest ones
 * inside. Source: `torch.nn.functional.interpolate(mode='bicubic', align_corners=False)`.
 *
 * @param shape [height, width, channels] of x.
 * @returns [outHeight, outWidth, channels].
 */
export function bicubicOracle(
  x: ArrayLike<number>,
  [height, width, channels]: readonly number[],
  outHeight: number,
  outWidth: number,
  stepY = height / outHeight,
  stepX = width / outWidth,
): Float64Array {
  const y = new Float64Array(outHeight * outWidth * channels);
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      const sy = (oy + 0.5) * stepY - 0.5;
      const sx = (ox + 0.5) * stepX - 0.5;
      for (let i = Math.floor(sy) - 1; i <= Math.floor(sy) + 2; i++) {
        for (let j = Math.floor(sx) - 1; j <= Math.floor(sx) + 2; j++) {
          const weight = cubicWeight(sy - i) * cubicWeight(sx - j);
          const source = clamp(i, height) * width + clamp(j, width);
          for (let c = 0; c < channels; c++)
            y[(oy * outWidth + ox) * channels + c] += weight * x[source * channels + c];
        }
      }
    }
  }
  return y;
}

function clamp(index: number, size: number): number {
  return Math.min(Math.max(index, 0), size - 1);
}
