/** Windows of an image [channels, H, W]: [windows, channels, height, width]. */
export function cropWindowsOracle(
  image: ArrayLike<number>,
  [channels, H, W]: readonly [number, number, number],
  corners: readonly (readonly [top: number, left: number])[],
  height: number,
  width: number,
): Float64Array {
  const y: number[] = [];
  for (const [top, left] of corners)
    for (let channel = 0; channel < channels; channel++)
      for (let row = top; row < top + height; row++)
        for (let column = left; column < left + width; column++) y.push(image[(channel * H + row) * W + column]);
  return Float64Array.from(y);
}
