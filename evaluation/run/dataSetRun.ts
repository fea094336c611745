import { watchForMasks } from './binaryMasks.ts';
import { classListSha256, type EvaluationIdentity } from './manifest.ts';
import { writeMethodsFiles } from '../results/methodsFiles.ts';
import type { EvaluationResult } from '../results/result.ts';
import { PHOTOGRAPHS_NOTICE } from '../../rfclip/toyNotices.ts';
import type { Method } from '../../rfclip/methods/index.ts';
import { checkWords } from '../../rfclip/textFeatures.ts';
import type { EvaluationRequest } from '../evaluationRequest.ts';
import { type RunContext, runMethod } from './methodRun.ts';
import { placesOf } from './places.ts';
import type { DataSetPlan } from '../plan.ts';

/** What the data sets of a command share. */
export interface EvaluationSession extends Omit<
  RunContext,
  'dataSet' | 'selection' | 'shard' | 'identity' | 'textFeatures' | 'onTruth'
> {
  request: EvaluationRequest;
  /** Of those asked for, the methods that the checkpoint allows. */
  methods: readonly Method[];
  identity: Pick<EvaluationIdentity, 'format' | 'version' | 'model'>;
}

/**
 * Evaluates the methods one after another on a data set.
 *
 * @returns a result per method, in their order; `interrupted` if not all of them came to an end
 * @throws what `runMethod` throws
 */
export async function runDataSet(
  session: EvaluationSession,
  plan: DataSetPlan,
): Promise<{ results: EvaluationResult[]; interrupted: boolean }> {
  const { request, model } = session;
  const { shard } = request;
  const { dataSet, selection } = plan;
  // A word that cannot be encoded should leave no folder behind that looks like a run.
  checkWords(dataSet.classes.queries, model.config.text);
  const toy = model.noticesOf(dataSet.classes.queries);
  // Its scenes are drawings.
  const notices = dataSet.name === 'sample' ? toy.filter((notice) => notice !== PHOTOGRAPHS_NOTICE) : toy;
  for (const notice of [...dataSet.classes.notices, ...notices]) session.reporter.note(`note: ${notice}`);
  let features: Promise<Float32Array> | undefined;
  const context: RunContext = {
    ...session,
    dataSet,
    selection,
    shard,
    identity: {
      ...session.identity,
      classes: { count: dataSet.classes.classes.length, sha256: classListSha256(dataSet.classes) },
      images: selection.images,
    },
    onTruth: watchForMasks(selection.pairs.length, (line) => session.reporter.note(line)),
    textFeatures: () => (features ??= model.encodeWords(dataSet.classes.queries)),
  };
  const results: EvaluationResult[] = [];
  for (const configuration of plan.configurations) {
    const method = session.methods.find(({ name }) => name === configuration.method);
    if (method === undefined) continue;
    const result = await runMethod(context, { method, configuration }, placesOf(request, plan, method.name));
    if (result === undefined) return { results, interrupted: true };
    results.push(result);
  }
  // Shards run side by side in one folder, and each knows its own part only.
  if (request.method === 'all' && shard.count === 1) await writeMethodsFiles(plan.out, results);
  return { results, interrupted: false };
}
