import { RfclipError } from '../engine/errors.ts';
import type { ClassList } from '../rfclip/classes.ts';
import { findMethod, type Method, METHOD_NAMES, type MethodName } from '../rfclip/methods/index.ts';
import { PAMR_STEPS, type Settings, SettingsError, settingsOf } from '../rfclip/settings.ts';
import { withoutUndefined } from '../system/withoutUndefined.ts';
import { describe } from './describe.ts';
import type { SegmenterOptions } from './segmenterOptions.ts';

/** Least probability of a class that is not the background, where there is one and nobody said otherwise. */
export const BACKGROUND_THRESHOLD = 0.1;

/** What of a segmenter's options is about settings. */
type SettingOptions = Omit<SegmenterOptions, 'method' | 'templates' | 'signal' | 'onProgress'>;

/**
 * The method that a name or a method of the caller's own stands for.
 * @throws RfclipError (`RFCLIP-METHOD`) for an unknown name, or for what is no method
 */
export function chosenMethod(chosen: MethodName | Method): Method {
  if (typeof chosen === 'string') return findMethod(chosen);
  if (typeof chosen?.make === 'function') return chosen;
  throw new RfclipError(
    `the method is ${describe(chosen)}, expected one of ${METHOD_NAMES.join(', ')}, or what defineMethod makes`,
    { code: 'RFCLIP-METHOD', where: 'method' },
  );
}

/** What a caller changes in a method's own settings. */
export function settingChanges({ pamr, background, ...changes }: SettingOptions): Partial<Settings> {
  return { ...shorthands(pamr, background), ...withoutUndefined(changes) };
}

/**
 * All settings of a segmenter: the method's own, with what the caller changed.
 *
 * @param classes the list, with the background in it if there is one
 * @throws SettingsError for values out of range, and for a threshold above 0 without a background
 */
export function chosenSettings(method: Method, classes: ClassList, options: SettingOptions): Settings {
  const settings = settingsOf(method, settingChanges(options));
  if (options.background === undefined) checkThreshold(options.probabilityThreshold, classes);
  return settings;
}

/** Settings that options with other names stand for. */
function shorthands(pamr: boolean | number | undefined, background: string | undefined): Partial<Settings> {
  if (!['undefined', 'boolean', 'number'].includes(typeof pamr)) {
    const found = typeof pamr === 'string' ? JSON.stringify(pamr) : describe(pamr);
    throw new SettingsError(`the option pamr is ${found}, expected true, false or a number of steps`, 'pamr');
  }
  return {
    ...(pamr === undefined ? {} : { pamrSteps: typeof pamr === 'number' ? pamr : pamr ? PAMR_STEPS : 0 }),
    ...(background === undefined ? {} : { probabilityThreshold: BACKGROUND_THRESHOLD }),
  };
}

/**
 * Uncertain pixels become class 0, which should not be a class like others unless the caller says so.
 * @throws SettingsError for a threshold above 0 where the first class is not called background
 */
function checkThreshold(threshold: number | undefined, { classes: [first] }: ClassList): void {
  if (threshold === undefined || threshold === 0) return;
  if (first.words.some((word) => word.trim().toLowerCase() === 'background')) return;
  throw new SettingsError(
    `probabilityThreshold ${threshold} was given without background, so pixels below it would become ` +
      `"${first.name}", the first class; expected background, which names their class, even if it is "${first.name}"`,
    'probabilityThreshold',
  );
}
