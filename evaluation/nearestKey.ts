/** Where people look for what stands elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  pamr: 'settings.pamrSteps',
  whole: 'settings.window, which 0 makes the whole image',
  benchmark: 'dataSet',
  dataset: 'dataSet',
  name: 'dataSet',
  output: 'out',
  model: 'checkpoint',
  weights: 'checkpoint',
};

/**
 * What an unknown key was meant to be: one that differs in a few letters, however words are joined, or one of another
 * level.
 * @param known of the level that has the key
 * @param inner keys of the level below, by their path
 * @returns undefined where nothing is near
 */
export function nearestKey(
  key: string,
  known: readonly string[],
  inner: Readonly<Record<string, readonly string[]>> = {},
): string | undefined {
  const wanted = plain(key);
  const below = Object.entries(inner).flatMap(([path, names]) =>
    names.map((name) => [`${path}.${name}`, name] as const),
  );
  const candidates = [...known.map((name) => [name, name] as const), ...below];
  const exact = candidates.find(([, name]) => plain(name) === wanted);
  if (exact !== undefined) return exact[0];
  if (Object.hasOwn(ELSEWHERE, wanted) && Object.keys(inner).length > 0) return ELSEWHERE[wanted];
  const [best] = candidates
    .map(([path, name]) => ({ path, distance: editDistance(wanted, plain(name)) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.path : undefined;
}

function plain(key: string): string {
  return key.toLowerCase().replace(/[-_ ]/g, '');
}

/** Letters to insert, drop or replace (Levenshtein, 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
