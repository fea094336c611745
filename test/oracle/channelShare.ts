/**
 * `max over j in channels of (x[r][j] - min_r) / sum over c of (x[r][c] - min_r)`; 0 for a constant row.
 * Source: RF-CLIP (AAAI 2026), the score phi of distractor localisation; published `feat_denoising`.
 *
 * @param x [rows, width]. @returns [rows].
 */
export function channelShareOracle(x: ArrayLike<number>, width: number, channels: ArrayLike<number>): Float64Array {
  const rows = x.length / width;
  return Float64Array.from({ length: rows }, (_, r) => {
    const row = Array.from({ length: width }, (_, c) => x[r * width + c]);
    const smallest = Math.min(...row);
    const mass = row.reduce((sum, value) => sum + (value - smallest), 0);
    const largest = Math.max(0, ...Array.from(channels, (channel) => row[channel] - smallest));
    return mass > 0 ? largest / mass : 0;
  });
}
