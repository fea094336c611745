import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Device, DeviceOptions } from '../engine/index.ts';
import { RfclipError } from '../engine/errors.ts';
import { type ClassList, makeClassList, parseClassesFile, parseClassList } from '../rfclip/classes.ts';
import type { Model } from '../rfclip/model.ts';
import { METHOD_NAMES, type MethodName, promptLinkage } from '../rfclip/methods/index.ts';
import {
  PAMR_DEFAULTS,
  SEGMENTER_DEFAULTS,
  type SegmenterOptions,
  SEMANTICS_DEFAULTS,
} from '../rfclip/segmenterOptions.ts';
import { errorOutput } from './console.ts';
import { UsageError } from './failure.ts';
import { resolveCheckpoint } from '../weights/resolveCheckpoint.ts';

/** Options of every command that runs the network, as commander parses them. */
export interface NetworkFlags {
  checkpoint?: string;
  adapter?: string;
  method: MethodName | 'all';
  /** DINO checkpoint, for CASS. */
  dino?: string;
  activation?: 'quickGelu' | 'gelu';
  distractionDimensions?: number[];
  pamr?: boolean;
  window: number;
  stride: number;
  whole?: boolean;
  resize: number;
  background?: string;
  threshold?: number;
  textCache: boolean;
  json?: boolean;
}

/** Adds the flags of `NetworkFlags` to a command. */
export function addNetworkFlags(command: Command): Command {
  return command
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
      new Option(
        '--activation <name>',
        "the checkpoint's MLP activation, where its file does not tell (default: by its family)",
      ).choices(['quickGelu', 'gelu']),
    )
    .option(
      '--distraction-dimensions <list>',
      'for a checkpoint without a known list; "rfclip calibrate" finds them',
      numberList,
    )
    .option('--dino <file>', 'DINO ViT weights, which the method cass needs')
    .option('--adapter <name>', 'part of the name of the GPU adapter to use (see "rfclip doctor")')
    .option('--window <pixels>', 'side of the sliding windows', wholeNumber(1), SEGMENTER_DEFAULTS.window!.crop)
    .option('--stride <pixels>', 'step of the sliding windows', wholeNumber(1), SEGMENTER_DEFAULTS.window!.stride)
    .option('--whole', 'take the image as one window')
    .option('--resize <pixels>', 'resize the short side to this before the network', wholeNumber(16), 336)
    .option('--pamr', 'refine the label map along image edges (PAMR, 10 steps)')
    .option('--background <name>', 'class for pixels that no other class claims; becomes label 0')
    .option('--threshold <probability>', 'with --background: least probability of a class (default 0.1)', probability)
    .option('--no-text-cache', 'do not keep text features on disk')
    .option('--json', 'print one JSON document and nothing else');
}

/** A commander parser of whole numbers from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number from ${least}.`);
    return value;
  };
}

function numberList(text: string): number[] {
  const values = text.split(',').map((part) => part.trim());
  if (!values.every((value) => /^\d+$/.test(value)))
    throw new InvalidArgumentError('expected whole numbers separated by commas.');
  return values.map(Number);
}

function probability(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('expected a number from 0 to 1.');
  return value;
}

/** Segmenter options of the flags. @throws UsageError when flags contradict each other. */
export function segmenterOptions(flags: NetworkFlags): SegmenterOptions {
  if (flags.threshold !== undefined && flags.background === undefined) {
    throw new UsageError('--threshold needs --background, the class that pixels below it get', '--threshold');
  }
  if (flags.stride > flags.window && flags.whole !== true) {
    throw new UsageError(
      `--stride ${flags.stride} is larger than --window ${flags.window}, so pixels would be left out`,
      '--stride',
    );
  }
  return {
    ...SEGMENTER_DEFAULTS,
    window: flags.whole === true ? undefined : { crop: flags.window, stride: flags.stride },
    probabilityThreshold: flags.background === undefined ? 0 : (flags.threshold ?? 0.1),
    semantics: semanticsOf(flags.method),
    pamr: flags.pamr === true ? PAMR_DEFAULTS : undefined,
  };
}

/** RF-CLIP and CASS mix the image's own semantics into the logits; the others do not. */
function semanticsOf(method: NetworkFlags['method']): SegmenterOptions['semantics'] {
  if (method !== 'cass' && !method.startsWith('rfclip')) return undefined;
  return { ...SEMANTICS_DEFAULTS, linkage: promptLinkage(method as MethodName) };
}

/**
 * The class list of `--classes` or `--classes-file`, with `--background` first.
 * @throws UsageError when neither or both are given; ClassListError for a bad list; RfclipError for an unreadable file.
 */
export function readClasses(flags: { classes?: string; classesFile?: string; background?: string }): ClassList {
  const list = parseClasses(flags);
  const { background } = flags;
  if (background === undefined) return list;
  const name = background.trim().toLowerCase();
  if (name === '') throw new UsageError('--background is empty, expected the name of a class', '--background');
  const words = list.classes.map((entry) => entry.words);
  const at = words.findIndex((entry) => entry[0].trim().toLowerCase() === name);
  const first = at < 0 ? [background.trim()] : words[at];
  return makeClassList([first, ...words.filter((_, index) => index !== at)], '--background');
}

function parseClasses({ classes, classesFile }: { classes?: string; classesFile?: string }): ClassList {
  if (classes !== undefined && classesFile !== undefined)
    throw new UsageError('--classes and --classes-file were both given, expected one of them', '--classes');
  if (classes !== undefined) return parseClassList(classes, '--classes');
  if (classesFile === undefined)
    throw new UsageError(
      'no classes were given',
      '--classes',
      'name them, as in --classes "cat, dog; puppy, grass", or with --classes-file FILE',
    );
  let text: string;
  try {
    text = readFileSync(classesFile, 'utf8');
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'does not exist'
        : `cannot be read (${(cause as NodeJS.ErrnoException).code})`;
    throw new RfclipError(`the class file ${classesFile} ${reason}`, {
      code: 'RFCLIP-CLASSES-FILE',
      where: classesFile,
      cause,
    });
  }
  return parseClassesFile(text, classesFile);
}

/** Opens the device of the flags; debug lines go to standard error. @throws DeviceError when there is none. */
export async function openDevice(flags: { adapter?: string }, options: Partial<DeviceOptions> = {}): Promise<Device> {
  // Loaded late: usage errors and --help should not wait for Dawn.
  const { Device } = await import('../engine/device.ts');
  return Device.create({ adapter: flags.adapter, log: (line) => errorOutput().write(`${line}\n`), ...options });
}

/**
 * Opens the model of the flags; checkpoints may be named as `rfclip weights list` does.
 * @throws CheckpointError for a damaged file; RfclipError for a known checkpoint that was not pulled.
 */
export async function openModel(
  device: Device,
  flags: {
    checkpoint?: string;
    dino?: string;
    activation?: 'quickGelu' | 'gelu';
    distractionDimensions?: number[];
    textCache?: boolean;
  },
): Promise<Model> {
  const { Model } = await import('../rfclip/model.ts');
  const path = (name: string | undefined) => (name === undefined ? undefined : resolveCheckpoint(name));
  return Model.open({
    device,
    checkpoint: path(flags.checkpoint),
    dino: path(flags.dino),
    activation: flags.activation,
    distractionDimensions: flags.distractionDimensions,
    cacheText: flags.textCache,
  });
}
