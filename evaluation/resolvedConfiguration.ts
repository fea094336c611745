import { resolve } from 'node:path';
import { stringify as stringifyYaml } from 'yaml';
import { BENCHMARK_NAMES, findBenchmark } from '../datasets/benchmarks/index.ts';
import { DEFAULT_SETTINGS } from '../rfclip/settings.ts';
import { withoutUndefined } from '../system/withoutUndefined.ts';
import { type ConfigurationFile, effectiveConfiguration, type SettingsOverride } from './configuration.ts';
import { chosenMethods, type MethodChoice } from './methodChoice.ts';
import { ALL_BENCHMARKS, dataFolderOf, isAll, requireDataSet } from './plan.ts';
import { type RunOptions, runOptionsShape, withPaths } from './runOptions.ts';

/** What a resolved configuration is made of: flags and file together. */
export interface ResolvedParts {
  name: string;
  /** Under their names in a configuration file; others are left out. */
  options: RunOptions;
  data?: string;
  method: MethodChoice;
  configuration?: ConfigurationFile;
  /** Settings of flags, which win. */
  settings: SettingsOverride;
}

/**
 * Everything that an evaluation would run with, as the content of a configuration file that gives the same again: every
 * path absolute, every setting of the method written out. Of several methods, only what changes the published settings
 * of each.
 *
 * @throws ConfigurationError as `effectiveConfiguration`; RequestError for an unknown data set
 */
export function resolvedConfiguration(parts: ResolvedParts): object {
  const { name, options, configuration } = parts;
  const all = isAll(name);
  const names = all ? [...BENCHMARK_NAMES] : [requireDataSet(name)];
  const changes = names.map((dataSet) => [dataSet, settingsFor(dataSet, parts)] as const);
  const folders = names.map((dataSet) => [dataSet, absolute(dataFolderOf(dataSet, parts, configuration))] as const);
  return withoutUndefined({
    dataSet: all ? ALL_BENCHMARKS : names[0],
    data: all ? objectOf(folders) : folders[0][1],
    ...optionsOf(options),
    settings: all ? undefined : changes[0][1],
    benchmarks: all ? objectOf(changes) : undefined,
  });
}

/** A resolved configuration as YAML. */
export function formatConfiguration(document: object): string {
  return stringifyYaml(document, { lineWidth: 120, aliasDuplicateObjects: false });
}

function settingsFor(dataSet: string, { method, configuration, settings }: ResolvedParts): object | undefined {
  const methods = chosenMethods(method);
  if (methods.length === 1)
    return effectiveConfiguration({ dataSet, method: methods[0], file: configuration, flags: settings }).settings;
  const key = findBenchmark(dataSet)?.name ?? dataSet;
  const changes = { ...configuration?.settings, ...configuration?.benchmarks[key], ...withoutUndefined(settings) };
  return objectOf(inOrder(changes, DEFAULT_SETTINGS));
}

/** Entries in the order in which `known` has their keys; others are left out. */
function inOrder<Value>(values: Readonly<Record<string, Value>>, known: object): (readonly [string, Value])[] {
  return Object.keys(known).flatMap((key) => (Object.hasOwn(values, key) ? [[key, values[key]] as const] : []));
}

/** A folder for the results need not be named yet. */
function optionsOf(options: RunOptions): RunOptions {
  const { dataSet: _, out, ...others } = options;
  const named = { ...others, out: out === '' ? undefined : out };
  return withPaths(Object.fromEntries(inOrder(named, runOptionsShape)), resolve);
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined || path === '' ? undefined : resolve(path);
}

/** Undefined where nothing would be in it. */
function objectOf<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> | undefined {
  const there = entries.filter(([, value]) => value !== undefined);
  return there.length === 0 ? undefined : Object.fromEntries(there);
}
