/** Brightness of a pixel as ITU-R BT.601 has it. */
export function luma(data: ArrayLike<number>, at: number): number {
  return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
}

/**
 * How grey a picture is made below class colours, 0..1: its own colours would mix with them until neither is known, so
 * it is grey from half on; without class colours it stays as it is.
 * @param opacity share of the class colour, 0..1
 */
export function greyShare(opacity: number): number {
  return Math.min(1, 2 * opacity);
}
