import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Listing } from '../datasets/pairs.ts';
import { isFile } from '../system/fileKinds.ts';
import { checkOutputs } from '../system/outputGate.ts';
import type { EvaluationRequest } from './evaluationRequest.ts';
import { checkImagePlaces } from './pictures/imageFiles.ts';
import { everyNth } from './pictures/visualize.ts';
import type { DataSetPlan, EvaluationPlan } from './plan.ts';
import { comparisonFiles } from './results/comparisonFiles.ts';
import { methodsFiles } from './results/methodsFiles.ts';
import { resultFiles } from './results/resultFiles.ts';
import { parseJournal } from './run/journal.ts';
import { placesOf, type RunPlaces } from './run/places.ts';

/**
 * Sees to it that no file of an evaluation replaces what somebody needs: an input, a file of the data set, or one that
 * rfclip did not make. Comes before the first image, so that nothing was written yet.
 *
 * @param inputs paths of what else is read, such as checkpoints
 * @throws OverwriteError as `checkOutputs`, unless `request.overwrite`; RequestError as `checkImagePlaces`
 */
export function checkEvaluationOutputs(
  request: EvaluationRequest,
  plan: EvaluationPlan,
  inputs: readonly string[] = [],
): void {
  const { dataSets } = plan;
  const data = dataFiles(dataSets.map(({ dataSet }) => dataSet));
  const { config, images, method } = request;
  const ofMethod = typeof method === 'string' ? undefined : method.path;
  const ofRequest = [config, images, ofMethod].filter((path) => path !== undefined);
  checkOutputs({
    files: [...dataSets.flatMap((one) => filesOfDataSet(request, one)), ...summaries(request, plan)],
    inputs: [...inputs, ...ofRequest, ...data.inputs],
    dataFolders: data.dataFolders,
    overwrite: request.overwrite,
  });
}

/** The files of data sets, those that are missing among them, and the folders of images and label maps. */
export function dataFiles(dataSets: readonly Listing[]): { inputs: string[]; dataFolders: string[] } {
  const files = dataSets.flatMap(({ pairs, missing }) => [
    ...pairs.flatMap(({ image, label }) => [image, label]),
    ...missing.map(({ path }) => path),
  ]);
  return {
    inputs: [...dataSets.map(({ root }) => join(root, 'classes.txt')), ...files],
    dataFolders: [...new Set(files.map((path) => dirname(path)))],
  };
}

function filesOfDataSet(request: EvaluationRequest, plan: DataSetPlan): string[] {
  return plan.configurations.flatMap(({ method }) => {
    const places = placesOf(request, plan, method);
    checkImagePlaces(places);
    return [...resultFiles(places.out), ...lockIn(places.out), ...imageFiles(places, plan)];
  });
}

/** A lock that is empty is one in the making. */
export function lockIn(folder: string): string[] {
  const path = join(folder, 'run.lock');
  return isFile(path) && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0 ? [path] : [];
}

/** Those of images in the journal are there, and are not written again. */
function imageFiles({ out, predictions, pictures }: RunPlaces, { selection }: DataSetPlan): string[] {
  const done = idsInJournal(join(out, 'journal.ndjson'));
  const ids = [...selection.pairs, ...selection.missing].map(({ id }) => id).filter((id) => !done.has(id));
  const pictured = pictures === undefined ? new Set<string>() : everyNth(selection, pictures.every);
  return [
    ...(predictions === undefined ? [] : ids.map((id) => join(predictions, `${id}.png`))),
    ...(pictures === undefined
      ? []
      : ids.filter((id) => pictured.has(id)).map((id) => join(pictures.folder, `${id}.png`))),
  ];
}

/** What is wrong with a journal is said by whoever goes on with it. */
function idsInJournal(path: string): ReadonlySet<string> {
  try {
    return new Set(parseJournal(readFileSync(path), path).entries.map(({ id }) => id));
  } catch {
    return new Set();
  }
}

/** Shards write no summaries. */
function summaries({ method, out, shard }: EvaluationRequest, { dataSets }: EvaluationPlan): string[] {
  if (shard.count > 1) return [];
  return [
    ...(method === 'all' ? dataSets.flatMap((plan) => methodsFiles(plan.out)) : []),
    ...(dataSets.some(({ below }) => below !== '') ? Object.values(comparisonFiles(out, 'all')) : []),
  ];
}
