import { readdirSync, realpathSync } from 'node:fs';
import { join, normalize, parse, sep } from 'node:path';
import { EvaluationError } from '../evaluationError.ts';
import type { ComparedResult } from './comparison.ts';
import { isFile, isFolder } from '../../system/fileKinds.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import { readResultFile } from './resultFiles.ts';

/** Data set, method, shard: deeper folders are not of an evaluation. */
const DEEPEST = 3;

/**
 * The results a user means: a `result.json`, the folder of a run, or a folder above runs, as `eval all` and `--method
 * all` make them. Below a folder that has a result no other is looked for. Links to folders are followed, but no folder
 * is looked into twice.
 *
 * @throws EvaluationError if there is none, or one cannot be read or is none
 */
export function findResults(name: string): ComparedResult[] {
  const place = withoutEnd(name);
  if (!isFolder(place)) return [{ name: place, path: place, result: readResultFile(place) }];
  const found = resultsBelow(place, DEEPEST, new Set());
  if (found.length === 0)
    throw new EvaluationError(`${name} holds no result.json, and neither do its folders`, name, {
      fix: 'a run writes it when it has ended; finish it with --resume',
    });
  return found.map((path) => ({ name: place, path, result: readResultFile(path) }));
}

/**
 * One spelling of a path, with no separator at its end. Nothing stays nothing: it must not come to mean the current
 * folder.
 */
function withoutEnd(name: string): string {
  const place = name === '' ? name : normalize(name);
  return place.endsWith(sep) && place !== parse(place).root ? place.slice(0, -1) : place;
}

function resultsBelow(folder: string, depth: number, seen: Set<string>): string[] {
  const real = realpathSync(folder);
  if (seen.has(real)) return [];
  seen.add(real);
  const own = join(folder, 'result.json');
  if (isFile(own)) return [own];
  if (depth === 0) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => byCodeUnits(a.name, b.name));
  // Folders before links, so that a result goes by the name it was written under.
  const folders = [
    ...entries.filter((entry) => entry.isDirectory()),
    ...entries.filter((entry) => entry.isSymbolicLink() && isFolder(join(folder, entry.name))),
  ];
  return folders.flatMap(({ name }) => resultsBelow(join(folder, name), depth - 1, seen));
}
