import { addConfusion, emptyConfusion, restoreConfusion } from '../../datasets/confusion.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import { EvaluationError } from '../evaluationError.ts';
import { mergeExtremes } from './extremes.ts';
import { differences } from '../run/manifest.ts';
import { type EvaluationResult, makeResult } from './result.ts';

/** A result and how errors name it. */
export interface NamedResult {
  name: string;
  result: EvaluationResult;
}

/**
 * Adds up the results of shards. Counts are whole numbers, so the sum is exactly that of a single run, in any order; so
 * are the worst and the best images. Thumbnails are named as in the parts, in whose folders they lie. Versions that
 * differ stand beside each other.
 *
 * @param options.allowPartial add up what is there although shards are missing
 * @throws EvaluationError for results of different evaluations, of other numbers of shards, with a shard in two of
 *   them, or without all shards; RfclipError for counts that are none
 */
export function mergeResults(
  results: readonly NamedResult[],
  options: { allowPartial?: boolean } = {},
): EvaluationResult {
  if (results.length === 0) throw new EvaluationError('no results were given, expected one or more', 'merge');
  const [first] = results;
  const { count } = first.result.shards;
  const holder = new Map<number, string>();
  for (const { name, result } of results) {
    const [difference] = [
      ...differences(result.evaluation, first.result.evaluation),
      ...differences({ shard: { count: result.shards.count } }, { shard: { count } }),
    ];
    if (difference !== undefined)
      throw new EvaluationError(
        `${name} and ${first.name} are of different evaluations: ${difference.replace(', it was ', ' and ')}`,
        name,
      );
    for (const index of result.shards.indices) {
      const other = holder.get(index);
      if (other !== undefined)
        throw new EvaluationError(
          `${name} and ${other} both hold shard ${index} of ${count}, whose images would count twice`,
          name,
        );
      if (index > count)
        throw new EvaluationError(`${name} holds shard ${index} of ${count}, which does not exist`, name);
      holder.set(index, name);
    }
  }
  const missing = Array.from({ length: count }, (_, k) => k + 1).filter((index) => !holder.has(index));
  if (missing.length > 0 && options.allowPartial !== true) {
    throw new EvaluationError(
      `${missing.length === 1 ? 'shard' : 'shards'} ` +
        `${missing.slice(0, 20).join(', ')}${missing.length > 20 ? ', ...' : ''} of ${count} ` +
        `${missing.length === 1 ? 'is' : 'are'} missing`,
      'merge',
      {
        fix: 'name their results too, or add up what is there, with --allow-partial or the option allowPartial',
      },
    );
  }
  return addUp(
    results,
    [...holder.keys()].sort((a, b) => a - b),
  );
}

function addUp(results: readonly NamedResult[], indices: number[]): EvaluationResult {
  const all = results.map(({ result }) => result);
  const [first] = all;
  const confusion = emptyConfusion(first.classes.length);
  for (const { name, result } of results) addConfusion(confusion, restoreConfusion(result.confusion, name));
  const sum = (value: (result: EvaluationResult) => number) => all.reduce((total, result) => total + value(result), 0);
  return makeResult({
    evaluation: first.evaluation,
    methodModule: first.methodModule,
    title: first.title,
    shards: { count: first.shards.count, indices },
    images: { selected: sum(({ images }) => images.selected), counted: sum(({ images }) => images.counted) },
    failures: all.flatMap(({ failures }) => failures).sort((a, b) => byCodeUnits(a.id, b.id)),
    confusion,
    classes: first.classes,
    timings: { network: sum(({ timings }) => timings.network), waited: sum(({ timings }) => timings.waited) },
    extremes: mergeExtremes(all.map(({ extremes }) => extremes)),
    adapters: [...new Set(all.flatMap(({ adapters }) => adapters))].sort(byCodeUnits),
    versions: joinVersions(all),
  });
}

/** Machines of a cluster may differ. Results that were merged before have several values already. */
function joinVersions(results: readonly EvaluationResult[]): Record<string, string> {
  const names = [...new Set(results.flatMap(({ versions }) => Object.keys(versions)))];
  const values = (name: string) =>
    new Set(results.flatMap(({ versions }) => (Object.hasOwn(versions, name) ? versions[name].split(', ') : [])));
  return Object.fromEntries(names.map((name) => [name, [...values(name)].sort(byCodeUnits).join(', ')]));
}
