import type { Command } from 'commander';
import type { Device, DeviceOptions } from '../engine/index.ts';
import { RfclipError } from '../engine/errors.ts';
import { withBackground } from '../library/classInput.ts';
import { type ClassList, parseClassesFile, parseClassList } from '../rfclip/classes.ts';
import type { Model } from '../library/model.ts';
import { BACKGROUND_THRESHOLD } from '../library/segmenterSettings.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import type { Method } from '../rfclip/methods/index.ts';
import { isMethodPath } from '../rfclip/methods/methodModule.ts';
import { DEFAULT_SETTINGS, type Settings, SettingsError, settingsOf } from '../rfclip/settings.ts';
import { readTextFile } from '../system/readTextFile.ts';
import { errorOutput, makeConsole } from './console.ts';
import { RequestError } from '../system/requestError.ts';
import {
  addMethodFlag,
  addModelFlags,
  addOutputFlags,
  addSettingsFlags,
  type DeviceFlags,
  type ModelFlags,
  type SettingsFlags,
  settingsOfFlags,
} from './modelFlags.ts';
import { probability } from './parsers.ts';
import { resolveCheckpoint } from '../weights/resolveCheckpoint.ts';

/** Flags of the commands that segment images, as commander parses them. */
export interface NetworkFlags extends ModelFlags, SettingsFlags {
  background?: string;
  threshold?: number;
}

/** Adds the flags of `NetworkFlags` to a command. */
export function addNetworkFlags(command: Command): Command {
  addSettingsFlags(addModelFlags(addMethodFlag(command)), 'default')
    .option('--background <name>', 'class for pixels that no other class claims; becomes label 0')
    .option(
      '--threshold <probability>',
      `with --background: least probability of a class (default ${BACKGROUND_THRESHOLD})`,
      probability,
    );
  return addOutputFlags(command);
}

/** Settings of a method, changed by the flags. @throws RequestError when flags contradict each other or a limit. */
export function segmentSettings(method: Method, flags: NetworkFlags): Settings {
  if (flags.threshold !== undefined && flags.background === undefined) {
    throw new RequestError('--threshold needs --background, the class that pixels below it get', '--threshold');
  }
  const { window, stride } = { ...DEFAULT_SETTINGS, ...method.defaults };
  const [side, step] = [flags.window ?? window, flags.stride ?? stride];
  if (step > side && flags.whole !== true) {
    if (flags.stride === undefined)
      throw new RequestError(
        `--window ${side} is smaller than ${step} pixels, by which windows move on without --stride, so pixels would ` +
          `be left out`,
        '--window',
        `give both, as in --window ${side} --stride ${Math.max(1, Math.floor(side / 2))}`,
      );
    throw new RequestError(`--stride ${step} is larger than --window ${side}, so pixels would be left out`, '--stride');
  }
  const probabilityThreshold = flags.background === undefined ? undefined : (flags.threshold ?? BACKGROUND_THRESHOLD);
  try {
    return settingsOf(method, { ...settingsOfFlags(flags), probabilityThreshold });
  } catch (error) {
    throw error instanceof SettingsError ? new RequestError(error.message, error.where) : error;
  }
}

/**
 * The class list of `--classes` or `--classes-file`, with `--background` first.
 * @throws RequestError when neither or both are given; ClassListError for a bad list; RfclipError for an unreadable
 *   file.
 */
export function readClasses(flags: { classes?: string; classesFile?: string; background?: string }): ClassList {
  const list = parseClasses(flags);
  return flags.background === undefined ? list : withBackground(list, flags.background, '--background');
}

function parseClasses({ classes, classesFile }: { classes?: string; classesFile?: string }): ClassList {
  if (classes !== undefined && classesFile !== undefined)
    throw new RequestError('--classes and --classes-file were both given, expected one of them', '--classes');
  if (classes !== undefined) return parseClassList(classes, '--classes');
  if (classesFile === undefined)
    throw new RequestError(
      'no classes were given',
      '--classes',
      'name them, as in --classes "cat, dog; puppy, grass", or with --classes-file FILE',
    );
  return readClassesFile(classesFile);
}

/** The class list of a file. @throws as `readClasses`. */
export function readClassesFile(path: string): ClassList {
  const text = readTextFile(
    path,
    (problem, cause) =>
      new RfclipError(`the class file ${path} ${problem}`, { code: 'RFCLIP-CLASSES-FILE', where: path, cause }),
  );
  return parseClassesFile(text, path);
}

/** Files that a command reads besides its pictures. */
export function inputsOf(flags: {
  classesFile?: string;
  checkpoint?: string;
  dino?: string;
  method?: string;
}): string[] {
  const { classesFile, checkpoint, dino, method = '' } = flags;
  return [classesFile, checkpoint, dino, isMethodPath(method) ? method : undefined].filter(
    (path) => path !== undefined,
  );
}

/** Opens the device of the flags; debug lines go to standard error. @throws DeviceError when there is none. */
export async function openDevice(flags: DeviceFlags, options: Partial<DeviceOptions> = {}): Promise<Device> {
  // Loaded late: usage errors and --help should not wait for Dawn.
  const { openDevice: open } = await import('../engine/openDevice.ts');
  const { adapter, precision } = flags;
  return open({ adapter, precision, log: (line) => errorOutput().write(`${line}\n`), ...options });
}

/** What a JSON document says of the device. */
export function usedDevice({ name, products }: Device): { adapter: string; precision: 'f32' | 'f16' } {
  return { adapter: name, precision: products.precision };
}

/**
 * Opens the parts of the flags' model; checkpoints may be named as `rfclip weights list` does.
 * @throws CheckpointError for a damaged file; RfclipError for a known checkpoint that was not pulled.
 */
export async function openModel(device: Device, flags: Partial<ModelFlags>): Promise<ClipModel> {
  const { ClipModel } = await import('../rfclip/clipModel.ts');
  return noted(ClipModel.open({ device, reopen: () => openDevice(flags), ...modelOptions(flags) }), flags);
}

/** Opens the model of the flags, as a library user would. @throws as `openModel`. */
export async function openLibraryModel(device: Device, flags: Partial<ModelFlags>): Promise<Model> {
  const { Model } = await import('../library/model.ts');
  const reopenDevice = () => openDevice(flags);
  return noted(await Model.open({ device, reopenDevice, localFilesOnly: true, ...modelOptions(flags) }), flags);
}

/** Says what was decided about the checkpoints. */
function noted<Opened extends { notes: readonly string[] }>(model: Opened, { json }: Partial<ModelFlags>): Opened {
  const console = makeConsole({ json: json === true });
  for (const note of model.notes) console.note(`note: ${note}`);
  return model;
}

function modelOptions(flags: Partial<ModelFlags>) {
  const { checkpoint, prefix, dino, dinoPrefix, activation, distractionDimensions, textCache } = flags;
  const path = (name: string | undefined) => (name === undefined ? undefined : resolveCheckpoint(name));
  return {
    checkpoint: path(checkpoint),
    prefix,
    dino: path(dino),
    dinoPrefix,
    activation,
    distractionDimensions,
    cacheText: textCache,
  };
}
