import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  ConfigurationError,
  type ConfigurationFile,
  effectiveConfiguration,
  type EffectiveConfiguration,
  type SettingsOverride,
} from '../../evaluation/configuration.ts';
import { EvaluationError } from '../../evaluation/evaluationError.ts';
import { parseShard, type Shard, shardFromEnvironment, WHOLE } from '../../evaluation/run/shard.ts';
import { PUBLISHED_DEFAULTS } from '../../datasets/settings.ts';
import { METHOD_NAMES, type MethodName } from '../../rfclip/methods/index.ts';
import { PAMR_DEFAULTS } from '../../rfclip/segmenterOptions.ts';
import { UsageError } from '../failure.ts';
import { wholeNumber } from '../sharedOptions.ts';

/**
 * Flags of `rfclip eval`, as commander parses them. Settings have no defaults here: the data set's published ones hold.
 */
export interface EvalFlags {
  data?: string;
  out: string;
  method: MethodName | 'all';
  checkpoint?: string;
  activation?: 'quickGelu' | 'gelu';
  distractionDimensions?: number[];
  dino?: string;
  adapter?: string;
  config?: string;
  resize?: number;
  window?: number;
  stride?: number;
  whole?: boolean;
  pamr?: boolean;
  limit?: number;
  images?: string;
  shard?: string;
  resume?: boolean;
  savePredictions?: string;
  visualize?: string;
  every?: number;
  decodeThreads: number;
  textCache: boolean;
  json?: boolean;
}

/**
 * A thread prepares about 70 photographs of VOC's size a second, or 6 PNGs of Cityscapes'; half of the processors leave
 * room for a software adapter.
 */
const DEFAULT_DECODE_THREADS = Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));

/** Adds the flags of `EvalFlags` to a command. */
export function addEvalFlags(command: Command): Command {
  return command
    .option('--data <folder>', 'where the data set lies (the sample needs none)')
    .requiredOption('--out <folder>', 'where the journal and the results go')
    .addOption(
      new Option('--method <name>', 'how dense features are read out of CLIP')
        .choices([...METHOD_NAMES, 'all'])
        .default('rfclip'),
    )
    .option(
      '--checkpoint <file>',
      'CLIP ViT weights: a file, or a name of "rfclip weights list" (default: the embedded microclip)',
    )
    .addOption(
      new Option('--activation <name>', "the checkpoint's MLP activation, where its file does not tell").choices([
        'quickGelu',
        'gelu',
      ]),
    )
    .option(
      '--distraction-dimensions <list>',
      'for a checkpoint without a known list; "rfclip calibrate" finds them',
      numberList,
    )
    .option('--dino <file>', 'DINO ViT weights, which the method cass needs')
    .option('--adapter <name>', 'part of the name of the GPU adapter to use (see "rfclip doctor")')
    .option('--config <file>', 'JSON or YAML file with settings and folders of data sets (see the README)')
    .option('--resize <pixels>', 'resize the short side to this before the network', wholeNumber(16))
    .option('--window <pixels>', 'side of the sliding windows', wholeNumber(1))
    .option('--stride <pixels>', 'step of the sliding windows', wholeNumber(1))
    .option('--whole', 'take every image as one window')
    .option('--pamr', 'refine label maps along image edges (PAMR, 10 steps)')
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
    )
    .option('--no-text-cache', 'do not keep text features on disk')
    .option('--json', 'print one JSON document and nothing else');
}

function numberList(text: string): number[] {
  if (!/^\s*\d+(\s*,\s*\d+)*\s*$/.test(text))
    throw new InvalidArgumentError('expected whole numbers separated by commas.');
  return text.split(',').map(Number);
}

/**
 * The configuration of a method on a data set, changed by file and flags.
 * @throws UsageError for flags out of range.
 */
export function configurationOf(
  dataSet: string,
  method: MethodName,
  flags: EvalFlags,
  file: ConfigurationFile | undefined,
): EffectiveConfiguration {
  if (flags.whole === true && flags.window !== undefined)
    throw new UsageError('--whole and --window were both given, expected one of them', '--whole');
  const changes: SettingsOverride = {
    resize: flags.resize === undefined ? undefined : [PUBLISHED_DEFAULTS.rfclip.resize[0], flags.resize],
    window: flags.whole === true ? 0 : flags.window,
    stride: flags.stride,
    pamrSteps: flags.pamr === true ? PAMR_DEFAULTS.steps : undefined,
  };
  try {
    return effectiveConfiguration({ dataSet, method, file, flags: changes });
  } catch (error) {
    throw error instanceof ConfigurationError ? new UsageError(error.message, error.where) : error;
  }
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
