import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isFile, isFolder } from '../system/fileKinds.ts';

/** Folders below each other that `**` looks into; links may go round in circles. */
const DEEPEST = 40;

/** Whether a path has signs that a shell replaces, unless it is one of Windows or they are quoted. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * The files that a pattern of a shell means: `*`, `?`, `[a-z]`, `{jpg,png}`, and `**` for any folders. Names that begin
 * with a dot are meant only where the pattern says the dot. Sorted, each once.
 */
export function matchFiles(pattern: string): string[] {
  const found = expandBraces(process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern).flatMap((one) => {
    const parts = one.split('/');
    // What comes before the first sign is a place, and may be absolute.
    const first = parts.findIndex((part) => isPattern(part));
    if (first < 0) return isFile(one) ? [one] : [];
    return walk(parts.slice(0, first).join('/') + (first > 0 ? '/' : ''), parts.slice(first), 0);
  });
  return [...new Set(found)].sort();
}

function walk(place: string, [part, ...rest]: readonly string[], depth: number): string[] {
  const at = (name: string) => (place === '' || place.endsWith('/') ? place + name : join(place, name));
  if (part === undefined || depth > DEEPEST) return [];
  const names = namesIn(place);
  if (part === '**') {
    const below = names.filter((name) => !name.startsWith('.') && isFolder(at(name)));
    const here = rest.length === 0 ? [] : walk(place, rest, depth);
    return [...here, ...below.flatMap((name) => walk(at(name), ['**', ...rest], depth + 1))];
  }
  const pattern = expressionOf(part);
  const meant = names.filter((name) => pattern.test(name) && (part.startsWith('.') || !name.startsWith('.')));
  if (rest.length === 0) return meant.map(at).filter(isFile);
  return meant.flatMap((name) => (isFolder(at(name)) ? walk(at(name), rest, depth) : []));
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place === '' ? '.' : place);
  } catch {
    return [];
  }
}

/** Of a part of a path: everything but `*`, `?` and `[...]` stands for itself. */
function expressionOf(part: string): RegExp {
  const source = part.replace(/\[(!?)([^\]]+)\]|[*?]|[^\w]/g, (sign, not?: string, set?: string) => {
    if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replaceAll('\\', '\\\\').replaceAll('^', '\\^')}]`;
    if (sign === '*') return '.*';
    return sign === '?' ? '.' : `\\u{${sign.codePointAt(0)!.toString(16)}}`;
  });
  return new RegExp(`^${source}$`, 'su');
}

function expandBraces(pattern: string): string[] {
  const braces = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern);
  if (braces === null) return [pattern];
  const [, before, choices, after] = braces;
  return choices.split(',').flatMap((choice) => expandBraces(before + choice + after));
}
