/** Row by row, `a` where the mask is not 0, else `b`; `torch.where(mask[:, None] != 0, a, b)`. */
export function maskedSelectOracle(
  mask: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  width: number,
): number[] {
  return Array.from(a, (value, i) => (mask[Math.floor(i / width)] !== 0 ? value : b[i]));
}
