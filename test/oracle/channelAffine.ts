/** `factor[c] x + offset[c]`: x [batch, channels, pixels]. Source: torchvision's `Normalize`. */
export function channelAffineOracle(
  x: ArrayLike<number>,
  pixels: number,
  factor: readonly number[],
  offset: readonly number[],
): Float64Array {
  return Float64Array.from(x, (value, i) => {
    const channel = Math.floor(i / pixels) % factor.length;
    return Math.fround(factor[channel]) * value + Math.fround(offset[channel]);
  });
}
