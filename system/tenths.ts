/** A time as reports have it: milliseconds in tenths. */
export function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
