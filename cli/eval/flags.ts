import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { EvaluationError } from '../../evaluation/evaluationError.ts';
import { parseShard, type Shard, shardFromEnvironment, WHOLE } from '../../evaluation/run/shard.ts';
import { UsageError } from '../failure.ts';
import {
  addMethodFlag,
  addModelFlags,
  addOutputFlags,
  addSettingsFlags,
  type ModelFlags,
  type SettingsFlags,
} from '../modelFlags.ts';
import { wholeNumber } from '../parsers.ts';

/**
 * Flags of `rfclip eval`, as commander parses them. Settings have no defaults here: the data set's published ones hold.
 */
export interface EvalFlags extends ModelFlags, SettingsFlags {
  data?: string;
  out: string;
  config?: string;
  limit?: number;
  images?: string;
  shard?: string;
  resume?: boolean;
  savePredictions?: string;
  visualize?: string;
  every?: number;
  decodeThreads: number;
}

/**
 * A thread prepares about 70 photographs of VOC's size a second, or 6 PNGs of Cityscapes'; half of the processors leave
 * room for a software adapter.
 */
const DEFAULT_DECODE_THREADS = Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));

/** Adds the flags of `EvalFlags` to a command. */
export function addEvalFlags(command: Command): Command {
  command
    .option('--data <folder>', 'where the data set lies (the sample needs none)')
    .requiredOption('--out <folder>', 'where the journal and the results go');
  addModelFlags(addMethodFlag(command)).option(
    '--config <file>',
    'JSON or YAML file with settings and folders of data sets (see docs/evaluation.md)',
  );
  addSettingsFlags(command, 'published')
    .option('--limit <count>', 'only the first images, sorted by name', wholeNumber(1))
    .option('--images <list>', 'only the images that this file names, one id per line')
    .option('--shard <i/n>', 'only the i-th of n parts; "none" ignores what Slurm, Kubernetes or torchrun say')
    .option('--resume', 'go on with the run in the output folder, or start one')
    .option('--save-predictions <folder>', 'write every label map as an indexed PNG: value k is class k')
    .option('--visualize <folder>', 'write image, labels, prediction and errors side by side')
    .option('--every <count>', 'of every how many images --visualize shows one (default: 1)', wholeNumber(1))
    .option(
      '--decode-threads <count>',
      'threads that read, decode and resize images ahead of the device, at most 64',
      wholeNumber(1),
      DEFAULT_DECODE_THREADS,
    );
  return addOutputFlags(command);
}

/**
 * The shard that the flag names, or else the environment, with how the latter named it.
 * @throws UsageError for a flag or variables that name none
 */
export function shardOf(flags: { shard?: string }, environment: NodeJS.ProcessEnv): Shard & { from?: string } {
  try {
    if (flags.shard === 'none') return WHOLE;
    return flags.shard === undefined ? (shardFromEnvironment(environment) ?? WHOLE) : parseShard(flags.shard);
  } catch (error) {
    throw error instanceof EvaluationError ? new UsageError(error.message, error.where, error.fix) : error;
  }
}
