import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openRawCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { readConfigurationFile } from '../../datasets/configuration.ts';
import { DATA_SET_NAMES, type DataSet, dataSetName, openDataSet } from '../../datasets/dataSet.ts';
import { classListSha256 } from '../../datasets/evaluation/manifest.ts';
import { formatMethodsMarkdown } from '../../datasets/evaluation/report.ts';
import { preparePair } from '../../datasets/evaluation/preparePair.ts';
import type { EvaluationResult } from '../../datasets/evaluation/result.ts';
import { selectImages } from '../../datasets/evaluation/selection.ts';
import { METHOD_NAMES, type MethodName, needsDino, needsDistractionDimensions } from '../../rfclip/methods/index.ts';
import type { Model } from '../../rfclip/model.ts';
import { type Console, makeConsole } from '../console.ts';
import { UsageError } from '../failure.ts';
import { makeOutputFolder } from '../outputFolder.ts';
import { packageRoot } from '../packageRoot.ts';
import { atomicWrite } from '../pictures/atomicWrite.ts';
import { openDevice, openModel } from '../sharedOptions.ts';
import { resolveCheckpoint } from '../weights/resolveCheckpoint.ts';
import { addEvalFlags, configurationOf, type EvalFlags, shardOf } from './flags.ts';
import { listenForInterrupts, resumeCommand } from './interrupt.ts';
import { type RunContext, runMethod, type RunPlaces } from './methodRun.ts';
import { formatMethods, formatResult } from './tables.ts';

/** Adds `rfclip eval`. */
export function addEvalCommand(program: Command): void {
  const command = program
    .command('eval')
    .description('measure a method on a labelled data set: mIoU, mAcc, aAcc')
    .argument('<data set>', `one of ${DATA_SET_NAMES.join(', ')}; "folder" is any folder in PASCAL VOC layout with a classes.txt`);
  addEvalFlags(command).action(async (name: string, flags: EvalFlags) => {
    process.exitCode = await evaluate(name, flags);
  });
}

async function evaluate(name: string, flags: EvalFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const shard = shardOf(flags, process.env);
  const dataSet = openNamed(name, flags.data);
  const file = flags.config === undefined ? undefined : readConfigurationFile(flags.config);
  const wanted: readonly MethodName[] = flags.method === 'all' ? METHOD_NAMES : [flags.method];
  const configurations = wanted.map((method) => configurationOf(dataSet.name, method, flags, file));
  const selection = selectImages(dataSet, { list: flags.images, limit: flags.limit, shard });
  makeOutputFolder(flags.out);
  if (shard.from !== undefined) console.note(`shard ${shard.index} of ${shard.count}, from ${shard.from}`);

  const interruption = listenForInterrupts(() => console.note('interrupted: finishing the image in work (once more to stop at once)'));
  const device = await openDevice(flags);
  try {
    const model = await openModel(device, flags);
    if (device.adapterClass === 'software') console.note(`note: ${device.name} is a CPU; a GPU is many times faster`);
    const methods = flags.method === 'all' ? possibleMethods(model, console) : wanted;
    const versions = versionsNow();
    let features: Promise<Float32Array> | undefined;
    const context: RunContext = {
      dataSet,
      selection,
      shard: { index: shard.index, count: shard.count },
      model,
      identity: {
        format: 1,
        version: versions.rfclip,
        classes: { count: dataSet.classes.classes.length, sha256: classListSha256(dataSet.classes) },
        model: { checkpoint: model.file.sha256(), activation: model.config.activation, distractionDimensions: model.distractionDimensions ?? null, dino: flags.dino === undefined ? null : fileSha256(resolveCheckpoint(flags.dino)) },
        images: selection.images,
      },
      versions,
      textFeatures: () => (features ??= model.encodeWords(dataSet.classes.queries)),
      resume: flags.resume === true,
      load: preparePair,
      ahead: 2,
      signal: interruption.signal,
      console,
    };
    const results: EvaluationResult[] = [];
    for (const configuration of configurations.filter(({ method }) => methods.includes(method))) {
      const result = await runMethod(context, configuration, placesOf(flags, configuration.method, context.shard));
      if (result === undefined) {
        console.note(`stopped; what was done is kept. To go on: ${resumeCommand(process.argv.slice(2))}`);
        console.json({ interrupted: true, results });
        return interruption.exitCode() ?? 1;
      }
      results.push(result);
    }
    model.close();
    // Shards run side by side in one folder, and each knows its own part only.
    if (flags.method === 'all' && shard.count === 1) await atomicWrite(join(flags.out, 'methods.md'), formatMethodsMarkdown(results));
    report(results, flags, console);
    return results.some(({ failures }) => failures.length > 0) ? 1 : 0;
  } finally {
    interruption.release();
    device.destroy();
  }
}

function openNamed(name: string, folder: string | undefined): DataSet {
  const known = dataSetName(name);
  if (known === undefined) throw new UsageError(`there is no data set ${name}, expected one of ${DATA_SET_NAMES.join(', ')}`, 'data set');
  if (folder === undefined && known !== 'sample') throw new UsageError(`the data set ${known} needs --data, the folder it lies in`, '--data');
  return openDataSet(known, folder);
}

function possibleMethods(model: Model, console: Console): MethodName[] {
  return METHOD_NAMES.filter((method) => {
    const lack =
      needsDino(method) && model.dino === undefined
        ? 'it needs a DINO checkpoint (--dino FILE)'
        : needsDistractionDimensions(method) && model.distractionDimensions === undefined
          ? "nobody knows the checkpoint's distraction dimensions"
          : undefined;
    if (lack !== undefined) console.note(`note: ${method} is left out, because ${lack}`);
    return lack === undefined;
  });
}

/** Every method and every shard has a folder of its own, so that one command line serves all tasks of a cluster job. */
function placesOf({ out, method, savePredictions }: EvalFlags, name: MethodName, { index, count }: { index: number; count: number }): RunPlaces {
  const below = (folder: string, parts: string[]) => join(folder, ...(method === 'all' ? [name] : []), ...parts);
  return {
    out: below(out, count === 1 ? [] : [`shard-${index}-of-${count}`]),
    predictions: savePredictions === undefined ? undefined : below(savePredictions, []),
  };
}

function report(results: readonly EvaluationResult[], flags: EvalFlags, console: Console): void {
  console.result(flags.method === 'all' ? formatMethods(results) : formatResult(results[0]));
  const [{ labelsOutOfRange, images, failures }] = results;
  if (labelsOutOfRange > 0) console.note(`note: ${labelsOutOfRange} pixels have a label that is no class and not 255; do the labels belong to this class list?`);
  if (failures.length > 0) console.failure(`${failures.length} of ${images.selected} images were not evaluated and are not in the numbers above`);
  console.result(`results: ${flags.out}${flags.method === 'all' ? '/*' : ''}`);
  console.json({ results });
}

function versionsNow(): Record<'rfclip' | 'node' | 'webgpu', string> {
  const { version, dependencies } = createRequire(import.meta.url)(join(packageRoot(), 'package.json')) as { version: string; dependencies: Record<string, string> };
  return { rfclip: version, node: process.versions.node, webgpu: dependencies.webgpu };
}

function fileSha256(path: string): string {
  const file = openRawCheckpoint(path);
  try {
    return file.sha256();
  } finally {
    file.close();
  }
}
