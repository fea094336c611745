/**
 * The size a picture takes under the keep-ratio rule of `mmcv.imrescale`: as large as possible with neither the long
 * side above the larger nor the short side above the smaller number of `scale`, rounded half up.
 *
 * A picture so narrow that a side would round to 0, where the original raises an error, keeps one pixel.
 *
 * @param width, height in pixels, at least 1
 * @param scale two bounds in pixels, in any order, such as `[2048, 448]`
 */
export function rescaleSize(
  width: number,
  height: number,
  scale: readonly [number, number],
): { width: number; height: number } {
  const factor = Math.min(Math.max(...scale) / Math.max(width, height), Math.min(...scale) / Math.min(width, height));
  return {
    width: Math.max(1, Math.floor(width * factor + 0.5)),
    height: Math.max(1, Math.floor(height * factor + 0.5)),
  };
}
