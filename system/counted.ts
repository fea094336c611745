/** A count with its noun: "1 image", "2 images". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${nounOf(count, noun, plural)}`;
}

/** The noun that stands behind a count. */
export function nounOf(count: number, noun: string, plural = `${noun}s`): string {
  return count === 1 ? noun : plural;
}
