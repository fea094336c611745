import { join } from 'node:path';
import {
  ConfigurationError,
  type ConfigurationFile,
  effectiveConfiguration,
  type EffectiveConfiguration,
  readConfigurationFile,
} from './configuration.ts';
import { BENCHMARK_NAMES } from '../datasets/benchmarks/index.ts';
import { DATA_SET_NAMES, type DataSet, dataSetName, openDataSet } from '../datasets/dataSet.ts';
import { DatasetError } from '../datasets/datasetError.ts';
import type { FolderLayout } from '../datasets/folderLayout.ts';
import { type Selection, selectImages } from './run/selection.ts';
import type { Method } from '../rfclip/methods/index.ts';
import { chosenMethods } from './methodChoice.ts';
import type { EvaluationRequest } from './evaluationRequest.ts';
import { RequestError } from '../system/requestError.ts';

/** The name that stands for the eight benchmarks. */
export const ALL_BENCHMARKS = 'all';

/** What is to be evaluated on one data set. */
export interface DataSetPlan {
  dataSet: DataSet;
  selection: Selection;
  /** One per method. */
  configurations: EffectiveConfiguration[];
  /** Where its results go. */
  out: string;
  /** Between the folders of predictions and pictures and the files in them, as in `out`. */
  below: string;
}

/** Everything that is to be evaluated, and the benchmarks of `all` that cannot be. */
export interface EvaluationPlan {
  dataSets: DataSetPlan[];
  absent: { name: string; problem: string }[];
}

/**
 * Works out a request without touching the device, so that what is wrong with it shows at once.
 *
 * @throws RequestError for an unknown data set, one without a folder, or a request that contradicts itself;
 *   DatasetError if the data set, or all eight, cannot be used; ConfigurationError
 */
export function planEvaluation(request: EvaluationRequest): EvaluationPlan {
  const { name } = request;
  if (request.every !== undefined && request.visualize === undefined)
    throw new RequestError('--every was given without --visualize, whose pictures it thins out', '--every');
  const file =
    request.configuration ?? (request.config === undefined ? undefined : readConfigurationFile(request.config));
  if (isAll(name)) return planAll(request, file);
  const known = requireDataSet(name);
  const dataSet = openWanted(known, dataFolderOf(known, request, file), request.layout);
  return { dataSets: [planOne(dataSet, request, file, '')], absent: [] };
}

/**
 * Opens a data set that somebody asked for by name.
 * @throws RequestError where it needs a folder and none was said; as `openDataSet`
 */
export function openWanted(name: string, folder: string | undefined, layout: FolderLayout | undefined): DataSet {
  if (folder === undefined && name !== 'sample')
    throw new RequestError(`the data set ${name} needs --data, the folder it lies in`, '--data');
  return openDataSet(name, folder, { layout });
}

/** Whether a name stands for the eight benchmarks. */
export function isAll(name: string): boolean {
  return name.toLowerCase() === ALL_BENCHMARKS;
}

/**
 * Where a data set lies, if anybody said so. The more particular word wins: of one data set, the flag; of all of them,
 * the file's folder for this one, since the flag is for all.
 */
export function dataFolderOf(
  dataSet: string,
  { name, data }: Pick<EvaluationRequest, 'name' | 'data'>,
  file: ConfigurationFile | undefined,
): string | undefined {
  const own = file?.data[dataSet];
  return (isAll(name) ? (own ?? data) : (data ?? own)) ?? file?.dataFolder;
}

/** The data set of a name. @throws RequestError where there is none */
export function requireDataSet(name: string): string {
  const known = dataSetName(name);
  if (known !== undefined) return known;
  throw new RequestError(
    `there is no data set ${name}, expected one of ${[ALL_BENCHMARKS, ...DATA_SET_NAMES].join(', ')}`,
    'data set',
  );
}

function planAll(request: EvaluationRequest, file: ConfigurationFile | undefined): EvaluationPlan {
  const given = Object.entries(request.layout ?? {}).find(([, value]) => value !== undefined);
  if (given !== undefined)
    throw new RequestError(
      `${given[0]} is said of one data set, so it cannot go with all, whose layouts and classes are as published`,
      given[0],
    );
  if (request.images !== undefined)
    throw new RequestError('--images names images of one data set, so it cannot go with all', '--images');
  const plan: EvaluationPlan = { dataSets: [], absent: [] };
  for (const name of BENCHMARK_NAMES) {
    const folder = dataFolderOf(name, request, file);
    if (folder === undefined)
      throw new RequestError(
        `eval all needs --data, the folder that the benchmarks lie in, or a folder for ${name} under "data" in ` +
          `--config`,
        '--data',
      );
    try {
      plan.dataSets.push(planOne(openDataSet(name, folder, { layout: request.layout }), request, file, name));
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      plan.absent.push({ name, problem: error.message });
    }
  }
  if (plan.dataSets.length > 0) return plan;
  throw new DatasetError(`none of the eight benchmarks was found; ${plan.absent[0].problem}`, '--data', {
    fix: 'rfclip data check NAME --data FOLDER says what is missing of each and how to get it',
  });
}

function planOne(
  dataSet: DataSet,
  request: EvaluationRequest,
  file: ConfigurationFile | undefined,
  below: string,
): DataSetPlan {
  return {
    dataSet,
    selection: selectImages(dataSet, { list: request.images, limit: request.limit, shard: request.shard }),
    configurations: chosenMethods(request.method).map((method) => configurationOf(dataSet.name, method, request, file)),
    out: join(request.out, below),
    below,
  };
}

/** Settings that make no sense together are the request's fault, whichever part of them the file gave. */
function configurationOf(
  dataSet: string,
  method: Method,
  { settings, layout, ignoreExif, method: choice }: EvaluationRequest,
  file: ConfigurationFile | undefined,
): EffectiveConfiguration {
  try {
    return {
      ...effectiveConfiguration({ dataSet, method, file, flags: settings }),
      ...(typeof choice === 'string' ? {} : { methodSha256: choice.sha256 }),
      ...(layout?.labelMap === undefined ? {} : { labelMap: layout.labelMap }),
      ...(ignoreExif === true ? { ignoreExif } : {}),
    };
  } catch (error) {
    throw error instanceof ConfigurationError ? blameFlag(error, settings) : error;
  }
}

/** Windows with gaps are named after the flag that made them so, where one did. */
function blameFlag({ message, where }: ConfigurationError, settings: EvaluationRequest['settings']): RequestError {
  const { window, stride } = settings ?? {};
  if (where !== 'stride' || (window === undefined && stride === undefined)) return new RequestError(message, where);
  if (stride !== undefined) return new RequestError(`--stride ${stride} is too large: ${message}`, '--stride');
  return new RequestError(
    `--window ${window} is too small without --stride: ${message}`,
    '--window',
    `give both, as in --window ${window} --stride ${Math.max(1, Math.floor(window! / 2))}`,
  );
}
