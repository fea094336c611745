/** The lines of a text, without their ends: LF, CR LF or CR. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}
