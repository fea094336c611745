import type { ClipModel } from '../rfclip/clipModel.ts';
import { type Method, METHODS } from '../rfclip/methods/index.ts';
import { chosenMethods } from './methodChoice.ts';
import { type Reporter, SILENT } from '../system/reporter.ts';
import type { EvaluationRequest } from './evaluationRequest.ts';
import type { ThreadedPairLoader } from './loading/pairLoaderPool.ts';
import { checkEvaluationOutputs } from './outputFiles.ts';
import type { EvaluationPlan } from './plan.ts';
import type { EvaluationResult } from './results/result.ts';
import { type EvaluationSession, runDataSet } from './run/dataSetRun.ts';
import { identifyModel } from './run/identity.ts';
import type { AbortSignalLike } from '../system/abortSignal.ts';

/** What an evaluation works with. All of it is closed by the caller. */
export interface EvaluationMeans {
  model: ClipModel;
  /** Path of the DINO checkpoint that the model was opened with. */
  dino?: string;
  /** Reads, decodes and resizes images ahead of the device. */
  loader: Pick<ThreadedPairLoader, 'load' | 'ahead'>;
  /** Go on with runs that are in the folders of the results. Default false. */
  resume?: boolean;
  /** Once aborted, the image in work is finished and no other begun. */
  signal?: AbortSignalLike;
  /** Default: silent. */
  reporter?: Reporter;
}

/**
 * Carries out a plan: one data set after another, and on each one method after another. Every counted image is
 * journalled, and every method leaves its result files.
 *
 * @param plan of this request, from `planEvaluation`
 * @returns a result per data set and method, in the plan's order; `interrupted` if `signal` ended it before the last
 * @throws OverwriteError as `checkEvaluationOutputs`; EvaluationError, RequestError, OutputError, DeviceError as
 *   `runMethod`
 */
export async function evaluate(
  request: EvaluationRequest,
  plan: EvaluationPlan,
  means: EvaluationMeans,
): Promise<{ results: EvaluationResult[]; interrupted: boolean }> {
  const { model, dino, loader, resume = false, signal = new AbortController().signal, reporter = SILENT } = means;
  const session: EvaluationSession = {
    request,
    methods: request.method === 'all' ? possibleMethods(model, reporter) : chosenMethods(request.method),
    ...(typeof request.method === 'string' ? {} : { methodModule: request.method }),
    model,
    ...identifyModel(model, dino),
    resume,
    limits: { maxMegapixels: request.maxMegapixels },
    load: loader.load,
    ahead: loader.ahead,
    signal,
    reporter,
  };
  checkEvaluationOutputs(request, plan, [model.file.path, ...(dino === undefined ? [] : [dino])]);
  const results: EvaluationResult[] = [];
  for (const dataSetPlan of plan.dataSets) {
    const { name } = dataSetPlan.dataSet;
    const run = await runDataSet(dataSetPlan.below === '' ? session : withTitles(session, name), dataSetPlan);
    results.push(...run.results);
    if (run.interrupted) return { results, interrupted: true };
  }
  return { results, interrupted: false };
}

/** The progress of several data sets says which one it is of. */
function withTitles(session: EvaluationSession, dataSet: string): EvaluationSession {
  const { reporter } = session;
  reporter.note(`${dataSet}:`);
  return {
    ...session,
    reporter: {
      note: (line) => reporter.note(line),
      failure: (line) => reporter.failure(line),
      progress: (title, total, options) => reporter.progress(`${dataSet} ${title}`, total, options),
    },
  };
}

function possibleMethods(model: ClipModel, reporter: Reporter): Method[] {
  return METHODS.filter((method) => {
    const lack = model.lackOf(method);
    if (lack !== undefined) reporter.note(`note: ${method.name} is left out, because ${lack}`);
    return lack === undefined;
  });
}
