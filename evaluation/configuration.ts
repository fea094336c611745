import { dirname } from 'node:path';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { RfclipError } from '../engine/errors.ts';
import { findMethod, type Method, type MethodName } from '../rfclip/methods/index.ts';
import {
  checkWindows,
  DEFAULT_SETTINGS,
  partialSettingsSchema,
  type Settings,
  SettingsError,
} from '../rfclip/settings.ts';
import { findBenchmark } from '../datasets/benchmarks/index.ts';
import { DATA_SET_NAMES, dataSetName } from '../datasets/dataSet.ts';
import { evaluationSettings } from '../datasets/publishedSettings.ts';
import { describeMisfit, type Limits } from '../system/describeMisfit.ts';
import { readTextFile } from '../system/readTextFile.ts';
import type { Schema } from '../system/schema.ts';
import { withoutUndefined } from '../system/withoutUndefined.ts';
import { nearestKey } from './nearestKey.ts';
import { pathIn, type RunOptions, runOptionsShape, withPaths } from './runOptions.ts';

/** Changes of settings, from a file or from flags. */
export type SettingsOverride = Partial<Settings>;

const fileSchema = z.strictObject({
  settings: z.optional(partialSettingsSchema),
  benchmarks: z.record(z.string(), partialSettingsSchema).optional(),
  data: z.record(z.string(), z.string().min(1)).optional(),
  ...runOptionsShape,
});

/** Where one folder is enough. */
const oneFolderSchema = fileSchema.extend({ data: z.string().min(1).optional() });

/**
 * A configuration file: `settings` for every data set, and more for some of them by name, which win; and everything
 * else that the flags of an evaluation say. Paths are relative to the file.
 */
export interface ConfigurationFile {
  settings: SettingsOverride;
  /** By the names of `DATA_SET_NAMES`. */
  benchmarks: Record<string, SettingsOverride>;
  /** Where data sets lie, by the same names. */
  data: Record<string, string>;
  /** Where all of them lie, or the one that is evaluated. */
  dataFolder?: string;
  run?: RunOptions;
}

/** A configuration that cannot be used; names the file and the key, or the flag. */
export class ConfigurationError extends RfclipError {
  constructor(message: string, where: string, cause?: unknown, fix?: string) {
    super(message, { code: 'RFCLIP-CONFIGURATION', where, cause, fix });
  }
}

/** What an evaluation runs with; a plain object, written into every result. */
export interface EffectiveConfiguration {
  dataSet: string;
  /** Its name; that of a module's method is none of ours. */
  method: string;
  /** Of the method's module, where it comes from one. */
  methodSha256?: string;
  settings: Settings;
  /** Class by value of the label files, where somebody said so. */
  labelMap?: Readonly<Record<string, number>>;
  /** There if pictures are left as they are stored. */
  ignoreExif?: true;
}

/**
 * Reads a configuration file in JSON or YAML:
 *
 * ```yaml
 * dataSet: voc21
 * data: /data/VOCdevkit/VOC2012
 * method: naclip
 * settings: { pamrSteps: 10 }
 * benchmarks:
 *   voc21: { probabilityThreshold: 0.2 }
 * ```
 *
 * @throws ConfigurationError if it is missing or no JSON or YAML, has an unknown key or data set, or a value out of
 *   range
 */
export function readConfigurationFile(path: string): ConfigurationFile {
  const text = readTextFile(
    path,
    (problem, cause) => new ConfigurationError(`the configuration file ${path} ${problem}`, path, cause),
  );
  // A pipe has no folder of its own.
  return parseConfiguration(text, path, /^\/(dev|proc)\//.test(path) ? '.' : dirname(path));
}

/**
 * `readConfigurationFile` for a text.
 * @param where names the text in errors
 * @param folder what its paths are relative to
 * @throws ConfigurationError as there
 */
export function parseConfiguration(text: string, where: string, folder = '.'): ConfigurationFile {
  let content: unknown;
  try {
    // YAML 1.2 contains JSON. Aliases are refused: ten lines of them can stand for gigabytes.
    content = parseYaml(text, { maxAliasCount: 0, prettyErrors: true });
  } catch (cause) {
    throw new ConfigurationError(
      `${where} is neither JSON nor YAML: ${(cause as Error).message.split('\n')[0].replace(/:$/, '')}`,
      where,
      cause,
    );
  }
  const { settings = {}, benchmarks = {}, data = {}, ...run } = check(schemaOf(content), content ?? {}, where);
  const folders = byKnownName(typeof data === 'string' ? {} : data, 'a folder', where);
  return {
    settings,
    benchmarks: byKnownName(benchmarks, 'settings', where),
    data: Object.fromEntries(Object.entries(folders).map(([name, path]) => [name, pathIn(folder, path)])),
    ...(typeof data === 'string' ? { dataFolder: pathIn(folder, data) } : {}),
    ...(Object.keys(run).length === 0 ? {} : { run: withPaths(run, (path) => pathIn(folder, path)) }),
  };
}

function schemaOf(content: unknown): z.ZodType<z.infer<typeof fileSchema> | z.infer<typeof oneFolderSchema>> {
  return typeof (content as { data?: unknown } | null)?.data === 'string' ? oneFolderSchema : fileSchema;
}

function byKnownName<Value>(entries: Record<string, Value>, what: string, where: string): Record<string, Value> {
  const named = Object.entries(entries).map(([name, value]) => {
    const known = dataSetName(name);
    if (known === undefined)
      throw new ConfigurationError(
        `${where} has ${what} for ${name}, which is no data set; expected one of ${DATA_SET_NAMES.join(', ')}`,
        where,
      );
    return [known, value] as const;
  });
  return Object.fromEntries(named);
}

/**
 * What an evaluation runs with: published settings, changed by the file's general part, its part for the data set, and
 * flags, in this order.
 *
 * @param choice.flags values given on the command line; keys with undefined count as not given
 * @throws ConfigurationError for flags out of range, or windows that the step would leave gaps between
 */
export function effectiveConfiguration(choice: {
  dataSet: string;
  method: MethodName | Method;
  file?: ConfigurationFile;
  flags?: SettingsOverride;
}): EffectiveConfiguration {
  const { file } = choice;
  const method = typeof choice.method === 'string' ? findMethod(choice.method) : choice.method;
  const dataSet = dataSetName(choice.dataSet) ?? choice.dataSet;
  const flags = check(partialSettingsSchema, withoutUndefined(choice.flags ?? {}), 'the command line');
  const settings: Settings = {
    ...evaluationSettings(method, findBenchmark(dataSet)?.settings),
    ...file?.settings,
    ...file?.benchmarks[dataSet],
    ...flags,
  };
  try {
    checkWindows(settings, `the configuration for ${dataSet} has`);
  } catch (error) {
    throw error instanceof SettingsError ? new ConfigurationError(error.message, 'stride') : error;
  }
  return { dataSet, method: method.name, settings };
}

function check<Output>(schema: Schema<Output> & z.core.$ZodType, content: unknown, where: string): Output {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const limits = z.toJSONSchema(schema) as Limits;
  const { path, problem, unknownKey } = describeMisfit(result.error, content, limits);
  const place = path.length === 0 ? where : `${where}, ${path.join('.')}`;
  throw new ConfigurationError(`${place} ${problem}`, where, result.error, adviceOn(unknownKey, path.length === 0));
}

function adviceOn(key: string | undefined, isTop: boolean): string | undefined {
  if (key === undefined) return undefined;
  const settings = Object.keys(DEFAULT_SETTINGS);
  const near = isTop ? nearestKey(key, Object.keys(fileSchema.shape), { settings }) : nearestKey(key, settings);
  return near === undefined ? undefined : `the nearest key is ${near}`;
}
