/** [channels, pixels]: sample i of a channel is the table's entry for its level. */
export function normalisePixelsOracle(pixels: Uint8Array, table: ArrayLike<number>, channels: number): Float64Array {
  const count = pixels.length / channels;
  const y = new Float64Array(pixels.length);
  for (let channel = 0; channel < channels; channel++)
    for (let i = 0; i < count; i++) y[channel * count + i] = table[channel * 256 + pixels[i * channels + channel]];
  return y;
}
