/** What a value is, with its article, for sentences about values that are something else than was expected. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const kind = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
  return `${/^[AEIOaeio]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
