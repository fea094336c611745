import type { Method, PublishedFamily } from '../rfclip/methods/index.ts';
import { DEFAULT_SETTINGS, type Settings, settingsOf } from '../rfclip/settings.ts';

/** What a benchmark's published configurations change in `PUBLISHED_DEFAULTS`, by code base. */
export type PublishedSettings = Record<PublishedFamily, Partial<Settings>>;

/**
 * What the published code does where a benchmark's configuration says nothing, as changes of `DEFAULT_SETTINGS`. PAMR
 * is what the evaluation scripts use without further flags: off, but 10 steps for NACLIP.
 * Source: the segmentor classes and `configs/base_config.py` of the four code bases.
 */
const PUBLISHED_DEFAULTS: PublishedSettings = { rfclip: {}, cass: {}, naclip: { pamrSteps: 10 }, sclip: {} };

/**
 * Settings of a method on a benchmark, or on a user's own data, where they are the method's defaults as everywhere.
 *
 * @param published a benchmark's `settings`; absent for own data
 */
export function evaluationSettings(method: Method, published?: Partial<PublishedSettings>): Settings {
  if (published === undefined) return settingsOf(method);
  const { family, overrides } = method;
  return structuredClone({ ...DEFAULT_SETTINGS, ...PUBLISHED_DEFAULTS[family], ...published[family], ...overrides });
}
