import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_MAX_MEGAPIXELS, HIGHEST_MAX_MEGAPIXELS } from '../clip/image/limits.ts';
import { type Precision, PRECISIONS } from '../engine/precision.ts';
import type { MethodChoice } from '../evaluation/methodChoice.ts';
import { findMethod, METHOD_NAMES, METHODS } from '../rfclip/methods/index.ts';
import { isMethodPath, loadMethodModule } from '../rfclip/methods/methodModule.ts';
import { DEFAULT_SETTINGS, MAXIMUM_PIXELS, PAMR_STEPS, type Settings } from '../rfclip/settings.ts';
import { RequestError } from '../system/requestError.ts';
import { numberList, wholeNumber } from './parsers.ts';

/** Flags of every command that opens a model, as commander parses them. */
export interface ModelFlags extends DeviceFlags {
  checkpoint?: string;
  /** Which of several CLIPs in the checkpoint. */
  prefix?: string;
  activation?: 'quickGelu' | 'gelu';
  distractionDimensions?: number[];
  /** DINO checkpoint, for methods that need one. */
  dino?: string;
  dinoPrefix?: string;
  textCache: boolean;
  maxMegapixels?: number;
  overwrite?: boolean;
  json?: boolean;
}

/** Flags that choose a method and change its settings. Absent ones leave the settings as the method has them. */
export interface SettingsFlags {
  /** A name, `all`, or the path of a module. */
  method: string;
  resize?: number;
  window?: number;
  stride?: number;
  whole?: boolean;
  pamr?: boolean;
}

/** Adds the flags of `ModelFlags` that name files and devices. */
export function addModelFlags(command: Command): Command {
  const withFiles = addCheckpointFlags(command)
    .option(
      '--distraction-dimensions <list>',
      'for a checkpoint without a known list; "rfclip calibrate" finds them',
      numberList,
    )
    .option('--dino <file>', `DINO ViT weights, which the method ${needing('dino')} needs`)
    .option('--dino-prefix <text>', 'the same as --prefix for the DINO ViT, for example "student."');
  return addDeviceFlags(withFiles);
}

/** Flags of every command that opens a device. */
export interface DeviceFlags {
  adapter?: string;
  precision?: Precision;
}

/** Adds the flags of `DeviceFlags`. @param precision what holds where the flag is absent */
export function addDeviceFlags(command: Command, precision: Precision = 'auto'): Command {
  return command
    .option('--adapter <name>', 'part of the name of the GPU adapter to use (see "rfclip doctor")')
    .addOption(
      new Option('--precision <name>', 'f32, or f16: faster on GPUs with matrix units; auto takes it where it is right')
        .choices([...PRECISIONS])
        .default(precision),
    );
}

/** Adds the flags that name a CLIP checkpoint and say what its file does not. */
export function addCheckpointFlags(command: Command): Command {
  return addPrefixFlag(
    command.option(
      '--checkpoint <file>',
      'CLIP ViT weights: a file, or a name of "rfclip weights list" (default: the embedded microclip)',
    ),
  ).addOption(
    new Option(
      '--activation <name>',
      "the checkpoint's MLP activation, where its file does not tell (default: by its family)",
    ).choices(['quickGelu', 'gelu']),
  );
}

/** Adds `--prefix`. */
export function addPrefixFlag(command: Command): Command {
  return command.option(
    '--prefix <text>',
    'what the tensor names of the wanted CLIP begin with, where the file holds several, for example "ema." (default: ' +
      'the largest)',
  );
}
/** The flag of every command that writes files. */
export const OVERWRITE = ['--overwrite', 'also replace files that rfclip did not make, and its input'] as const;

/** The flag of every command that reads pictures. */
export const MAX_MEGAPIXELS = [
  '--max-megapixels <number>',
  `refuse pictures of more megapixels (default: ${DEFAULT_MAX_MEGAPIXELS}; at most ${HIGHEST_MAX_MEGAPIXELS})`,
  wholeNumber(1, HIGHEST_MAX_MEGAPIXELS),
] as const;

/** Adds the flags that all commands which run the network end with. */
export function addOutputFlags(command: Command): Command {
  return command
    .option(...MAX_MEGAPIXELS)
    .option('--no-text-cache', 'do not keep text features on disk')
    .option(...OVERWRITE)
    .option('--json', 'print one JSON document and nothing else');
}

/** Adds `--method`, with all that there are. */
export function addMethodFlag(command: Command): Command {
  const choices = [...METHOD_NAMES, 'all'];
  return command.addOption(
    new Option('--method <name>', 'how dense features are read out of CLIP; ./FILE.mjs is a module with one of yours')
      .choices(choices)
      .argParser((text: string) => {
        if (choices.includes(text) || isMethodPath(text)) return text;
        throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}, or the path of a module.`);
      })
      .default(METHODS[0].name),
  );
}

/**
 * The method that the flag names.
 * @throws as `loadMethodModule`
 */
export async function readMethod(text: string): Promise<MethodChoice> {
  if (text === 'all') return text;
  return isMethodPath(text) ? loadMethodModule(text) : findMethod(text).name;
}

/**
 * Adds the flags of `SettingsFlags` but the method.
 * @param ofOthers what holds where a flag is absent, for the help
 */
export function addSettingsFlags(command: Command, ofOthers: 'default' | 'published'): Command {
  const { resize, window, stride } = DEFAULT_SETTINGS;
  const without = (value: number) => (ofOthers === 'default' ? ` (default: ${value})` : '');
  return command
    .option(
      '--resize <pixels>',
      `resize the short side to this before the network${without(resize[1])}`,
      wholeNumber(16, MAXIMUM_PIXELS),
    )
    .option('--window <pixels>', `side of the sliding windows${without(window)}`, wholeNumber(1, MAXIMUM_PIXELS))
    .option('--stride <pixels>', `step of the sliding windows${without(stride)}`, wholeNumber(1, MAXIMUM_PIXELS))
    .option('--whole', 'take every image as one window')
    .option('--pamr', `refine label maps along image edges (PAMR, ${PAMR_STEPS} steps)`);
}

/**
 * The settings that flags change; `undefined` where a flag is absent.
 * @throws RequestError when flags contradict each other.
 */
export function settingsOfFlags(flags: Omit<SettingsFlags, 'method'>): Partial<Settings> {
  if (flags.whole === true && flags.window !== undefined)
    throw new RequestError('--whole and --window were both given, expected one of them', '--whole');
  return {
    resize: flags.resize === undefined ? undefined : [DEFAULT_SETTINGS.resize[0], flags.resize],
    window: flags.whole === true ? 0 : flags.window,
    stride: flags.stride,
    pamrSteps: flags.pamr === true ? PAMR_STEPS : undefined,
  };
}

function needing(part: 'dino'): string {
  return METHODS.filter(({ needs }) => part in needs)
    .map(({ name }) => name)
    .join(', ');
}
