import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openRawCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { DATA_SET_NAMES } from '../../datasets/dataSet.ts';
import { openPairLoader } from '../../evaluation/loading/pairLoaderPool.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { findMethod, METHOD_NAMES, type MethodName } from '../../rfclip/methods/index.ts';
import type { ClipModel } from '../../rfclip/clipModel.ts';
import { type Console, makeConsole } from '../console.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { packageRoot } from '../../system/packageRoot.ts';
import { openDevice, openModel } from '../sharedOptions.ts';
import { resolveCheckpoint } from '../../weights/resolveCheckpoint.ts';
import { type EvaluationSession, runDataSet } from '../../evaluation/run/dataSetRun.ts';
import type { EvaluationRequest } from '../../evaluation/evaluationRequest.ts';
import { addEvalFlags, configurationOf, type EvalFlags, shardOf } from './flags.ts';
import { listenForInterrupts, resumeCommand } from './interrupt.ts';
import { ALL_BENCHMARKS, planEvaluation } from '../../evaluation/plan.ts';
import { reportResults } from './reportResults.ts';

/** Adds `rfclip eval`. */
export function addEvalCommand(program: Command): void {
  const command = program
    .command('eval')
    .description('measure a method on a labelled data set: mIoU, mAcc, aAcc')
    .argument(
      '<data set>',
      `one of ${DATA_SET_NAMES.join(', ')}; "folder" is any folder in PASCAL VOC layout with a classes.txt; ` +
        `"${ALL_BENCHMARKS}" is the eight benchmarks`,
    );
  addEvalFlags(command).action(async (name: string, flags: EvalFlags) => {
    process.exitCode = await evaluate(name, flags);
  });
}

async function evaluate(name: string, flags: EvalFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const { from, ...shard } = shardOf(flags, process.env);
  const request: EvaluationRequest = {
    ...flags,
    name,
    shard,
    configure: (dataSet, method, file) => configurationOf(dataSet, method, flags, file),
  };
  const plan = planEvaluation(request);
  makeOutputFolder(flags.out);
  if (from !== undefined) console.note(`shard ${shard.index} of ${shard.count}, from ${from}`);
  for (const { name: absent, problem } of plan.absent) console.failure(`${absent} is left out: ${problem}`);

  const interruption = listenForInterrupts(() =>
    console.note('interrupted: finishing the image in work (once more to stop at once)'),
  );
  const loader = openPairLoader({ threads: flags.decodeThreads });
  const device = await openDevice(flags);
  try {
    const model = await openModel(device, flags);
    if (device.adapterClass === 'software') console.note(`note: ${device.name} is a CPU; a GPU is many times faster`);
    const session: EvaluationSession = {
      request,
      methods: flags.method === 'all' ? possibleMethods(model, console) : [flags.method],
      model,
      ...identify(model, flags),
      resume: flags.resume === true,
      load: loader.load,
      ahead: loader.ahead,
      signal: interruption.signal,
      reporter: console,
    };
    const results: EvaluationResult[] = [];
    for (const dataSetPlan of plan.dataSets) {
      const run = await runDataSet(
        name.toLowerCase() === ALL_BENCHMARKS ? withTitles(session, dataSetPlan.dataSet.name) : session,
        dataSetPlan,
      );
      results.push(...run.results);
      if (run.interrupted) {
        const named = from === undefined ? undefined : shard;
        const command = resumeCommand(process.argv.slice(2), { shard: named, environment: process.env });
        console.note(`stopped; what was done is kept. To go on: ${command}`);
        console.json({ interrupted: true, results });
        return interruption.exitCode() ?? 1;
      }
    }
    model.close();
    await reportResults(plan, results, flags, console);
    return plan.absent.length > 0 || results.some(({ failures }) => failures.length > 0) ? 1 : 0;
  } finally {
    interruption.release();
    await loader.close();
    device.destroy();
  }
}

function identify(model: ClipModel, { dino }: EvalFlags): Pick<EvaluationSession, 'identity' | 'versions'> {
  const { version, dependencies } = createRequire(import.meta.url)(join(packageRoot(), 'package.json')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const { file, config, distractionDimensions = null } = model;
  return {
    identity: {
      format: 1,
      version,
      model: {
        checkpoint: file.sha256(),
        activation: config.activation,
        distractionDimensions,
        dino: dino === undefined ? null : fileSha256(resolveCheckpoint(dino)),
      },
    },
    versions: { rfclip: version, node: process.versions.node, webgpu: dependencies.webgpu },
  };
}

/** The progress of several data sets says which one it is of. */
function withTitles(session: EvaluationSession, dataSet: string): EvaluationSession {
  const { reporter } = session;
  reporter.note(`${dataSet}:`);
  return {
    ...session,
    reporter: { ...reporter, progress: (title, total) => reporter.progress(`${dataSet} ${title}`, total) },
  };
}

function possibleMethods(model: ClipModel, console: Console): MethodName[] {
  return METHOD_NAMES.filter((method) => {
    const lack = model.lackOf(findMethod(method));
    if (lack !== undefined) console.note(`note: ${method} is left out, because ${lack}`);
    return lack === undefined;
  });
}

function fileSha256(path: string): string {
  const file = openRawCheckpoint(path);
  try {
    return file.sha256();
  } finally {
    file.close();
  }
}
