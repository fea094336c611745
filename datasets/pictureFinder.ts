import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PICTURE_SUFFIXES } from '../clip/image/suffixes.ts';
import { isFile } from '../system/fileKinds.ts';

/** Finds the file of an id; undefined where there is none. */
export type PictureFinder = (id: string) => string | undefined;

/**
 * Finds files `FOLDER/ID SUFFIX` whatever the case of the suffix, which cameras and other systems write as they like.
 * The suffix as it is given goes before others, and earlier suffixes before later ones.
 *
 * @param suffixes in the order in which they are looked for
 */
export function pictureFinder(folder: string, suffixes: readonly string[]): PictureFinder {
  const listed = new Map<string, ReadonlyMap<string, string>>();
  return (id) => {
    const exact = suffixes.map((suffix) => join(folder, id + suffix)).find(isFile);
    if (exact !== undefined) return exact;
    const below = dirname(join(folder, id));
    let names = listed.get(below);
    if (names === undefined) listed.set(below, (names = namesByKey(below, suffixes)));
    const name = suffixes.map((suffix) => names.get(keyOf(basename(id), suffix))).find((found) => found !== undefined);
    return name === undefined || !isFile(join(below, name)) ? undefined : join(below, name);
  };
}

/** A suffix, and the same with the other ends that pictures have. */
export function alternativeSuffixes(suffix: string): string[] {
  const stem = suffix.slice(0, suffix.lastIndexOf('.'));
  return [...new Set([suffix, ...PICTURE_SUFFIXES.map((end) => stem + end)])];
}

/** A name without the first of the suffixes that it has, in any case; undefined if it has none or is nothing else. */
export function withoutSuffix(name: string, suffixes: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const suffix = suffixes.find((one) => lower.endsWith(one.toLowerCase()) && name.length > one.length);
  return suffix === undefined ? undefined : name.slice(0, -suffix.length);
}

/** Names of a folder by `keyOf`; of names that differ in case only, the first by code units. */
function namesByKey(folder: string, suffixes: readonly string[]): ReadonlyMap<string, string> {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return new Map();
  }
  const found = new Map<string, string>();
  for (const name of names) {
    for (const suffix of suffixes) {
      const id = withoutSuffix(name, [suffix]);
      if (id !== undefined && !found.has(keyOf(id, suffix))) found.set(keyOf(id, suffix), name);
    }
  }
  return found;
}

function keyOf(id: string, suffix: string): string {
  return `${id}\n${suffix.toLowerCase()}`;
}
