import type { Command } from 'commander';
import { DATA_SET_NAMES } from '../../datasets/dataSet.ts';
import { evaluate } from '../../evaluation/evaluate.ts';
import type { EvaluationRequest } from '../../evaluation/evaluationRequest.ts';
import { checkEvaluationOutputs } from '../../evaluation/outputFiles.ts';
import { openPairLoader } from '../../evaluation/loading/pairLoaderPool.ts';
import { ALL_BENCHMARKS, planEvaluation } from '../../evaluation/plan.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import {
  formatConfiguration,
  resolvedConfiguration,
  type ResolvedParts,
} from '../../evaluation/resolvedConfiguration.ts';
import type { ClipModel } from '../../rfclip/clipModel.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { resolveCheckpoint } from '../../weights/resolveCheckpoint.ts';
import { type Console, leaveTerminal, makeConsole } from '../console.ts';
import { inputsOf, openDevice, openModel } from '../sharedOptions.ts';
import { readMethod, settingsOfFlags } from '../modelFlags.ts';
import { type ConfiguredFlags, configuredFlags } from './configuredFlags.ts';
import { addEvalFlags, describeShard, type EvalFlags, layoutOf, shardOf } from './flags.ts';
import { listenForInterrupts, resumeCommand } from './interrupt.ts';
import { reportResults } from './reportResults.ts';
import { exitCodeOfImages } from '../failure.ts';

/** Adds `rfclip eval`. */
export function addEvalCommand(program: Command): void {
  const command = program
    .command('eval')
    .description('measure a method on a labelled data set: mIoU, mAcc, aAcc')
    .argument(
      '[data set]',
      `one of ${DATA_SET_NAMES.join(', ')}; "folder" is any folder in PASCAL VOC layout with a classes.txt; ` +
        `"${ALL_BENCHMARKS}" is the eight benchmarks`,
    );
  addEvalFlags(command).action(async (named: string | undefined, given: EvalFlags) => {
    const { name, flags, configuration } = configuredFlags(named, given, command);
    const console = makeConsole({ json: flags.json === true });
    process.exitCode =
      flags.printConfig === true
        ? await printConfiguration({ name, flags, configuration }, console)
        : await runEvaluation(name, flags, console, { configuration });
  });
}

/**
 * Evaluates as the flags say.
 * @param options.report prints what came out, in place of `eval`'s own report
 * @param options.goesOn words that the same command takes to go on with a run
 * @param options.whole take no notice of schedulers, which name parts
 * @param options.configuration the file of the flags, where it was read before
 * @returns the exit code
 */
export async function runEvaluation(
  name: string,
  flags: EvalFlags,
  console: Console,
  options: {
    report?: typeof reportResults;
    goesOn?: readonly string[];
    whole?: boolean;
    configuration?: ConfiguredFlags['configuration'];
  } = {},
): Promise<number> {
  const { report = reportResults, goesOn = ['--resume'], whole = false, configuration } = options;
  const method = await readMethod(flags.method);
  const chosen = shardOf(whole ? { shard: 'none' } : flags, process.env);
  const { shard } = chosen;
  const layout = layoutOf(flags);
  const settings = settingsOfFlags(flags);
  const request: EvaluationRequest = { ...flags, name, method, shard, layout, configuration, settings };
  const plan = planEvaluation(request);
  checkEvaluationOutputs(request, plan, inputsOf(flags));
  makeOutputFolder(flags.out);
  if (!whole) console.note(describeShard(chosen));
  if (chosen.warning !== undefined) console.note(`warning: ${chosen.warning}`);
  for (const { name: absent, problem } of plan.absent) console.failure(`${absent} is left out: ${problem}`);

  const interruption = listenForInterrupts({
    onFirst: () => console.note('interrupted: finishing the image in work (once more to stop at once)'),
    onSecond: leaveTerminal,
  });
  const loader = openPairLoader({ threads: flags.decodeThreads });
  const device = await openDevice(flags);
  let model: ClipModel | undefined;
  try {
    model = await openModel(device, flags);
    if (device.adapterClass === 'software') console.note(`note: ${device.name} is a CPU; a GPU is many times faster`);
    const { results, interrupted } = await evaluate(request, plan, {
      model,
      dino: flags.dino === undefined ? undefined : resolveCheckpoint(flags.dino),
      loader,
      resume: flags.resume === true,
      signal: interruption.signal,
      reporter: console,
    });
    if (interrupted) {
      const named = chosen.fromEnvironment ? shard : undefined;
      const command = resumeCommand(process.argv.slice(2), { shard: named, goesOn, environment: process.env });
      console.note(`stopped; what was done is kept. To go on: ${command}`);
      console.json({ interrupted: true, results });
      return interruption.exitCode() ?? 1;
    }
    await report(plan, results, flags, console);
    const sum = (count: (result: EvaluationResult) => number) =>
      results.reduce((total, result) => total + count(result), 0);
    return plan.absent.length > 0
      ? 1
      : exitCodeOfImages(
          sum(({ failures }) => failures.length),
          sum(({ images }) => images.counted),
        );
  } finally {
    interruption.release();
    await loader.close();
    model?.close();
    device.destroy();
  }
}

async function printConfiguration({ name, flags, configuration }: ConfiguredFlags, console: Console): Promise<number> {
  const { classes, data, ...options } = flags;
  const document = resolvedConfiguration({
    name,
    options: { ...options, classes: typeof classes === 'object' ? [...classes] : classes } as ResolvedParts['options'],
    data,
    method: await readMethod(flags.method),
    configuration,
    settings: settingsOfFlags(flags),
  });
  console.result(formatConfiguration(document).trimEnd());
  console.json(document);
  return 0;
}
