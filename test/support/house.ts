import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Text of source files by their path from the root, with slashes. */
export type House = ReadonlyMap<string, string>;

/** Folders of the checkout that hold files of the project itself. */
export function houseFolders(): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist(-web)?$|out$)/.test(entry.name))
    .map(({ name }) => name);
}

/** Reads every source file of a kind below folders of the checkout, and single files of it. */
export function readHouse(places: readonly string[], ending: RegExp): House {
  const paths = places.flatMap((place) =>
    ending.test(place)
      ? [place]
      : readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
          .map((path) => posix.join(place, path.replaceAll('\\', '/')))
          .filter((path) => ending.test(path) && !/(^|\/)(fixtures|node_modules)\//.test(path)),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Which files each file imports by a relative path, types included. */
export function importsOf(house: House): Map<string, string[]> {
  const pattern = /^\s*(?:import|export|\}).*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)|^import '(\.[^']+)'/gm;
  return new Map(
    [...house].map(([path, text]) => [
      path,
      [...text.matchAll(pattern)].map((match) =>
        posix.normalize(posix.join(posix.dirname(path), match[1] ?? match[2] ?? match[3])),
      ),
    ]),
  );
}

/**
 * Imports that go up, or sideways between folders of one layer.
 *
 * @param layers folders (and single files of the root) from top to bottom; each may use all layers below its own
 */
export function wrongArrows(
  imports: ReadonlyMap<string, readonly string[]>,
  layers: readonly (readonly string[])[],
): string[] {
  const layerOf = (path: string) => layers.findIndex((layer) => layer.includes(folderOf(path)));
  return [...imports].flatMap(([from, targets]) =>
    targets
      .filter((to) => {
        if (folderOf(from) === folderOf(to)) return false;
        const [upper, lower] = [layerOf(from), layerOf(to)];
        return upper < 0 || lower < 0 || upper >= lower;
      })
      .map((to) => `${from} imports ${to}`),
  );
}

function folderOf(path: string): string {
  return path.split('/')[0];
}

/** Sets of files that import each other in a circle, each sorted, each once. */
export function importCycles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const reached = new Map([...imports.keys()].map((path) => [path, reach(path, imports)]));
  const cycles = [...imports.keys()]
    .filter((path) => reached.get(path)!.has(path))
    .map((path) =>
      [...reached.get(path)!]
        .filter((other) => reached.get(other)?.has(path))
        .sort()
        .join(' '),
    );
  return [...new Set(cycles)].sort().map((cycle) => cycle.split(' '));
}

/** All files that can be reached from a file, which is one of them only where it can be reached itself. */
function reach(start: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const ahead = [...(imports.get(start) ?? [])];
  for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    ahead.push(...(imports.get(path) ?? []));
  }
  return seen;
}

/** Lines that talk to whoever started the process, or end it. Comments do not count. */
export function terminalUses(house: House): string[] {
  return findLines(house, (line) =>
    /\bconsole\.|\bprocess\.(stdout|stderr|argv|exit|exitCode)\b/.test(withoutComment(line)),
  );
}

function withoutComment(line: string): string {
  return line.replace(/^\s*(\/\*\*|\*|\/\/).*$/, '').replace(/\s\/\/ .*$/, '');
}

/** Lines of more than `most` characters; a regular expression in them does not count. */
export function longLines(house: House, most: number): string[] {
  const expression = /\/(?![*/])(?:[^\\/[]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[dgimsuvy]*/g;
  return findLines(house, (line) => line.length > most && line.replace(expression, '').length > most);
}

function findLines(house: House, wrong: (line: string) => boolean): string[] {
  return [...house].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) => (wrong(line) ? [`${path}:${index + 1}`] : [])),
  );
}

/**
 * Exported functions, classes and constants of `house` that no other file imports by name or as a whole module.
 * @param everything the house and what stands beside it
 */
export function unusedExports(house: House, everything: House): string[] {
  const used = new Map<string, Set<string>>();
  for (const [path, text] of everything) {
    for (const [, clause, target] of text.matchAll(/(\{[^{}]*\}|\*[^;{}]*) from '(\.[^']+)'/g)) {
      const names = clause.startsWith('*') ? ['*'] : clause.slice(1, -1).split(',').map(importedName);
      const file = posix.normalize(posix.join(posix.dirname(path), target));
      used.set(file, new Set([...(used.get(file) ?? []), ...names]));
    }
  }
  const isUsed = (path: string, name: string) =>
    used.get(path)?.has(name) === true || used.get(path)?.has('*') === true;
  return [...house].flatMap(([path, text]) =>
    [...text.matchAll(/^export (?:async )?(?:abstract )?(?:function\*?|class|const) (\w+)/gm)]
      .map(([, name]) => name)
      // Bundlers for browsers put the second version of a file in the place of the first.
      .filter((name) => !isUsed(path, name) && !isUsed(path.replace('.browser.ts', '.ts'), name))
      .map((name) => `${path}: ${name}`),
  );
}

function importedName(part: string): string {
  return part
    .trim()
    .replace(/^type /, '')
    .split(' as ')[0];
}

/** Exported functions and classes without a docstring before them. */
export function undocumented(house: House): string[] {
  return [...house].flatMap(([path, text]) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      const name = /^export (?:async )?(?:abstract )?(?:function\*?|class) (\w+)/.exec(line)?.[1];
      return name === undefined || lines[index - 1]?.endsWith('*/') ? [] : [`${path}: ${name}`];
    });
  });
}

/** Files of more than `most` lines. */
export function longFiles(house: House, most: number): string[] {
  return [...house].filter(([, text]) => text.trimEnd().split('\n').length > most).map(([path]) => path);
}

/** A function of four numbers, written out for each of them: `vec4f(f(x.x * a), f(x.y * a), ...)`. */
const FOUR_TIMES = /vec4f\((\w+)\(x\.x\b([^()]*)\), \1\(x\.y\2\), \1\(x\.z\2\), \1\(x\.w\2\)\)/g;

/**
 * What all matrix products have in common and say themselves, since a kernel is a file that is valid alone: the
 * constants of the epilogue, the parameters, and the activation, which is read as one of numbers where it is one of
 * vectors.
 */
export function matmulPreamble(kernel: string): string {
  const part = (what: string, pattern: RegExp): string => {
    const found = pattern.exec(kernel);
    if (found === null) throw new Error(`the kernel has no ${what}`);
    return found[0];
  };
  return [
    part('constants', /^const TRANSPOSE_B\b(.*\n)+?(?=\n)/m),
    part('parameters', /^struct Params \{[^}]*\}/m),
    part('activation', /^\/\/ .*\nfn erf\((.*\n)+?\}\n+fn activate\((.*\n)+?\}$/m),
  ]
    .join('\n')
    .replace(FOUR_TIMES, '$1(x$2)')
    .replaceAll('vec4f', 'f32');
}
