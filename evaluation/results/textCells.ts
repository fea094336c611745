/**
 * A line of CSV with its line end (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe
 * before it; numbers stay numbers, also negative ones.
 */
export function csvLine(fields: readonly (string | number)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/** A text as a cell of a Markdown table, in which backslashes and bars are as they were. */
export function markdownCell(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\|]/g, '\\$&');
}

function csvField(value: string | number): string {
  const text = typeof value === 'string' ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
