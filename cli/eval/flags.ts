import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { EvaluationError } from '../../evaluation/evaluationError.ts';
import { parseShard, type Shard, shardFromEnvironment, shardWarning, WHOLE } from '../../evaluation/run/shard.ts';
import { RequestError } from '../../system/requestError.ts';
import {
  addMethodFlag,
  addModelFlags,
  addOutputFlags,
  addSettingsFlags,
  type ModelFlags,
  type SettingsFlags,
} from '../modelFlags.ts';
import { labelMap, wholeNumber } from '../parsers.ts';
import { parseClassesFile } from '../../rfclip/classes.ts';
import { readClasses } from '../sharedOptions.ts';
import type { FolderLayout } from '../../datasets/folderLayout.ts';

/** Flags that say how a data set of one's own lies on disk. */
export interface LayoutFlags {
  split?: string;
  imageFolder?: string;
  labelFolder?: string;
  imageSuffix?: string;
  labelSuffix?: string;
  /** A list as `--classes` has it, or lines as of a class file. */
  classes?: string | readonly string[];
  classesFile?: string;
  labelMap?: Record<string, number>;
  ignoreExif?: boolean;
}

/**
 * Flags of `rfclip eval`, as commander parses them. Settings have no defaults here: the data set's published ones hold.
 */
export interface EvalFlags extends ModelFlags, SettingsFlags, LayoutFlags {
  data?: string;
  out: string;
  config?: string;
  printConfig?: boolean;
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
export const DEFAULT_DECODE_THREADS = Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));

/** Adds the flags of `EvalFlags` to a command. */
export function addEvalFlags(command: Command): Command {
  command
    .option('--data <folder>', 'where the data set lies (the sample needs none)')
    .requiredOption('--out <folder>', 'where the journal and the results go');
  addModelFlags(addMethodFlag(command))
    .option('--config <file>', 'JSON or YAML file with anything that the flags say, which win (see docs/evaluation.md)')
    .option('--print-config', 'print what the run would be, as such a file, and do nothing');
  waiveOut(command);
  addLayoutFlags(addSettingsFlags(command, 'published'))
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
 * Lets the parser do without `--out` where a configuration file may name the folder, or nothing is written.
 * `configuredFlags` asks for it again.
 */
function waiveOut(command: Command): void {
  for (const option of ['config', 'print-config'])
    command.on(`option:${option}`, () => {
      if (command.getOptionValue('out') === undefined) command.setOptionValueWithSource('out', '', 'config');
    });
}

/** Adds the flags that say how a data set of one's own lies on disk, and what its labels are. */
export function addLayoutFlags(command: Command): Command {
  return command
    .option('--split <name>', 'of a folder: a list in ImageSets/Segmentation, a file, or "all" (default: val)')
    .option('--image-folder <folder>', 'of a folder: where the images lie in it (default: JPEGImages)')
    .option('--label-folder <folder>', 'of a folder: where the label maps lie in it (default: SegmentationClass)')
    .option('--image-suffix <text>', 'of a folder: what follows the id in names of images, as in "_rgb.png"')
    .option('--label-suffix <text>', 'of a folder: what follows the id in names of label maps (default: .png)')
    .option('--classes <list>', 'the classes in the order of the labels; commas separate them, semicolons synonyms')
    .option('--classes-file <file>', 'the same as a file, one class per line (default of a folder: its classes.txt)')
    .option('--label-map <list>', 'classes of label values, as in 255:1 for binary masks; others stay', labelMap)
    .option('--ignore-exif', 'leave pictures as they are stored, for label maps that were not turned with them');
}

/**
 * Where the flags say that parts of a data set lie.
 * @throws as `readClasses`
 */
export function layoutOf(flags: LayoutFlags & { config?: string }): FolderLayout {
  const { split, imageFolder, labelFolder, imageSuffix, labelSuffix } = flags;
  const { classes, classesFile, config = '' } = flags;
  return {
    split,
    imageFolder,
    labelFolder,
    imageSuffix,
    labelSuffix,
    labelMap: flags.labelMap,
    classes:
      typeof classes === 'object'
        ? parseClassesFile(classes.join('\n'), `${config}, classes`)
        : classes === undefined && classesFile === undefined
          ? undefined
          : readClasses({ classes, classesFile }),
  };
}

/** What part of an evaluation this process does, and who says so. */
export interface ChosenShard {
  shard: Shard;
  /** `--shard 2/8`, or variables as a person would write them; undefined where nothing names a part. */
  from?: string;
  /** Whether a scheduler's variables named it, which another shell does not have. */
  fromEnvironment: boolean;
  /** About variables that look like a part and are none. */
  warning?: string;
}

/**
 * The shard that the flag names, or else the environment.
 * @throws RequestError for a flag or variables that name none
 */
export function shardOf(flags: { shard?: string }, environment: NodeJS.ProcessEnv): ChosenShard {
  const { shard: named } = flags;
  try {
    if (named === 'none') return { shard: WHOLE, from: '--shard none', fromEnvironment: false };
    if (named !== undefined) return { shard: parseShard(named), from: `--shard ${named}`, fromEnvironment: false };
    const found = shardFromEnvironment(environment);
    if (found === undefined) return { shard: WHOLE, fromEnvironment: false, warning: shardWarning(environment) };
    const { from, ...shard } = found;
    return { shard, from, fromEnvironment: true };
  } catch (error) {
    throw error instanceof EvaluationError ? new RequestError(error.message, error.where, error.fix) : error;
  }
}

/** Says at every start which part is evaluated, and who says so. */
export function describeShard({ shard: { index, count }, from }: ChosenShard): string {
  return from === undefined
    ? `shard 1 of 1, the whole set: neither --shard nor a scheduler names a part`
    : `shard ${index} of ${count}, from ${from}`;
}
