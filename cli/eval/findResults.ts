import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EvaluationError } from '../../datasets/evaluation/evaluationError.ts';
import type { ComparedResult } from '../../datasets/evaluation/comparison.ts';
import { isFile } from '../../datasets/files.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import { readResultFile } from './resultFiles.ts';

/** Data set, method, shard: deeper folders are not of an evaluation. */
const DEEPEST = 3;

/**
 * The results a user means: a `result.json`, the folder of a run, or a folder above runs, as `eval all` and `--method all`
 * make them. Below a folder that has a result no other is looked for.
 *
 * @throws EvaluationError if there is none, or one cannot be read or is none
 */
export function findResults(name: string): ComparedResult[] {
  const place = name.replace(/(?<=.)\/+$/, '');
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) return [{ name: place, path: place, result: readResultFile(place) }];
  const found = resultsBelow(place, DEEPEST);
  if (found.length === 0) throw new EvaluationError(`${name} holds no result.json, and neither do its folders`, name, { fix: 'a run writes it when it has ended; finish it with --resume' });
  return found.map((path) => ({ name: place, path, result: readResultFile(path) }));
}

function resultsBelow(folder: string, depth: number): string[] {
  const own = join(folder, 'result.json');
  if (isFile(own)) return [own];
  if (depth === 0) return [];
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return folders.sort(byCodeUnits).flatMap((name) => resultsBelow(join(folder, name), depth - 1));
}
