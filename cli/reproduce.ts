import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { CheckpointError } from '../clip/checkpoint/checkpointFile.ts';
import { BENCHMARK_NAMES, findBenchmark } from '../datasets/benchmarks/index.ts';
import { dataFolder } from '../datasets/pull/dataFolder.ts';
import { compareResults } from '../evaluation/results/comparison.ts';
import { comparisonDocument } from '../evaluation/results/comparisonDocument.ts';
import { comparisonFiles, writeComparisonFiles } from '../evaluation/results/comparisonFiles.ts';
import { describePaperFigure, PAPER_CHECKPOINT, paperFigureOf } from '../evaluation/results/paperFigure.ts';
import type { EvaluationResult } from '../evaluation/results/result.ts';
import { METHODS } from '../rfclip/methods/index.ts';
import { PAMR_STEPS } from '../rfclip/settings.ts';
import { checkOutputs } from '../system/outputGate.ts';
import type { Reporter } from '../system/reporter.ts';
import { findKnownCheckpoint } from '../weights/knownCheckpoints.ts';
import { resolveCheckpoint } from '../weights/resolveCheckpoint.ts';
import { type Console, makeConsole } from './console.ts';
import { addPullFlags, describePulled, pull, type PullFlags } from './data/pullCommand.ts';
import { formatComparison } from './eval/comparisonTables.ts';
import { runEvaluation } from './eval/evalCommand.ts';
import { DEFAULT_DECODE_THREADS, type EvalFlags } from './eval/flags.ts';
import { addMethodFlag, addModelFlags, addOutputFlags, readMethod } from './modelFlags.ts';
import { wholeNumber } from './parsers.ts';
import { pullWithProgress } from './weights/pullCommand.ts';

type ReproduceFlags = Omit<EvalFlags, 'out'> & PullFlags & { out?: string };

/** Adds `rfclip reproduce`. */
export function addReproduceCommand(program: Command): void {
  const command = program
    .command('reproduce')
    .description('a published row in one command: fetch weights and data, evaluate, compare with the paper')
    .argument('<benchmark>', BENCHMARK_NAMES.join(', '));
  describeCheckpoint(addModelFlags(addMethodFlag(command)))
    .option('--pamr', `refine label maps along image edges (PAMR, ${PAMR_STEPS} steps)`)
    .option('--out <folder>', 'where journal and results go (default: "reproduced/BENCHMARK-METHOD")')
    .option('--limit <count>', 'only the first images, sorted by name, for a try', wholeNumber(1))
    .option(
      '--decode-threads <count>',
      'threads that read, decode and resize images ahead of the device, at most 64',
      wholeNumber(1),
      DEFAULT_DECODE_THREADS,
    );
  addOutputFlags(addPullFlags(command)).action(async (name: string, flags: ReproduceFlags) => {
    process.exitCode = await reproduce(name, flags);
  });
}

/** Nobody reproduces a row with the embedded checkpoint. */
function describeCheckpoint(command: Command): Command {
  const option = command.options.find(({ long }) => long === '--checkpoint')!;
  option.description = option.description.replace(
    /\(default: .*\)$/,
    `(default: ${PAPER_CHECKPOINT}, which is fetched)`,
  );
  return command;
}

async function reproduce(name: string, flags: ReproduceFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const known = findBenchmark(name)?.name ?? name;
  const out = flags.out ?? join('reproduced', runName(known, flags));
  checkOutputs({ files: Object.values(comparisonFiles(out, 'compare')), overwrite: flags.overwrite });
  await checkGiven(flags);
  console.note(describePulled(await pull(name, flags, console)));
  const checkpoint = await pullWeights(flags.checkpoint ?? PAPER_CHECKPOINT, console);
  const dino = needsDino(flags) ? await pullWeights(flags.dino ?? 'DINO-ViT-B/8', console) : flags.dino;
  const evaluation: EvalFlags = {
    ...flags,
    data: flags.data ?? dataFolder(),
    checkpoint,
    dino,
    out,
    resume: true,
  };
  return runEvaluation(known, evaluation, console, {
    goesOn: [],
    whole: true,
    report: (_, results) => compareWithPaper(results, out, console),
  });
}

/**
 * Looks for what the flags name, before gigabytes of data are fetched.
 * @throws CheckpointError for weights that are not there; as `readMethod`
 */
async function checkGiven({ method, checkpoint, dino }: ReproduceFlags): Promise<void> {
  await readMethod(method);
  for (const given of [checkpoint, dino]) {
    if (given === undefined || findKnownCheckpoint(given) !== undefined || existsSync(resolveCheckpoint(given)))
      continue;
    throw new CheckpointError(`checkpoint ${given} does not exist`, given);
  }
}

/** A folder's name for each thing that a run can be of, since a run goes on only as what it was. */
function runName(benchmark: string, { method, pamr, limit }: ReproduceFlags): string {
  const parts = [pamr === true ? 'pamr' : undefined, limit === undefined ? undefined : `first-${limit}`];
  return [benchmark, basename(method, '.mjs'), ...parts].filter((part) => part !== undefined).join('-');
}

/** Prints the results beside published figures, as `compare` does, and how far they are from the paper's. */
async function compareWithPaper(results: readonly EvaluationResult[], out: string, console: Console): Promise<void> {
  const comparison = compareResults(results.map((result) => ({ name: out, path: out, result })));
  const figures = results.map(paperFigureOf);
  console.result(formatComparison(comparison));
  for (const remark of comparison.remarks) console.note(`note: ${remark}`);
  for (const figure of figures) console.result(describePaperFigure(figure));
  const { markdown, csv } = await writeComparisonFiles(out, 'compare', comparison);
  console.result(`results: ${out}; ${markdown}, ${csv}`);
  console.json({ results, comparison: comparisonDocument(comparison), figures });
}

/** The path of a checkpoint, which is pulled where it is a known one that is not there. */
async function pullWeights(name: string, reporter: Reporter): Promise<string> {
  const known = findKnownCheckpoint(name);
  return known === undefined ? resolveCheckpoint(name) : (await pullWithProgress(known, reporter)).path;
}

function needsDino({ method }: ReproduceFlags): boolean {
  return METHODS.some(({ name, needs }) => name === method && 'dino' in needs);
}
