import type { Command } from 'commander';
import { type ConfigurationFile, ConfigurationError, readConfigurationFile } from '../../evaluation/configuration.ts';
import { isMethodPath } from '../../rfclip/methods/methodModule.ts';
import { METHOD_NAMES } from '../../rfclip/methods/index.ts';
import { RequestError } from '../../system/requestError.ts';
import type { EvalFlags } from './flags.ts';

/** What a command line and its configuration file ask for together. */
export interface ConfiguredFlags {
  name: string;
  flags: EvalFlags;
  configuration: ConfigurationFile | undefined;
}

/**
 * Fills in what the configuration file says and the command line does not: a flag beats the file.
 *
 * @param command that parsed the flags
 * @throws ConfigurationError as `readConfigurationFile`, and for a method that is none; RequestError where neither
 *   names a data set, or a folder for the results
 */
export function configuredFlags(named: string | undefined, given: EvalFlags, command: Command): ConfiguredFlags {
  const configuration = given.config === undefined ? undefined : readConfigurationFile(given.config);
  const { dataSet, ...options } = configuration?.run ?? {};
  if (options.method !== undefined) checkMethod(options.method, given.config!);
  const isGiven = (key: string) => command.getOptionValueSource(key) === 'cli';
  const filled = Object.entries(options).filter(([key]) => !isGiven(key));
  // Two ways to say one thing: the flag beats the file whichever of them it is.
  const hasClasses = isGiven('classes') || isGiven('classesFile');
  const flags = {
    ...given,
    ...Object.fromEntries(filled.filter(([key]) => !hasClasses || !key.startsWith('classes'))),
  } as EvalFlags;
  const name = named ?? dataSet;
  if (name === undefined)
    throw new RequestError(
      "missing required argument 'data set', on the command line or as dataSet in --config",
      'data set',
      'rfclip eval --help lists them',
    );
  if (flags.out === '' && flags.printConfig !== true)
    throw new RequestError(
      "required option '--out <folder>' not specified, on the command line or in --config",
      '--out',
    );
  return { name, flags, configuration };
}

function checkMethod(method: string, where: string): void {
  if (method === 'all' || (METHOD_NAMES as readonly string[]).includes(method) || isMethodPath(method)) return;
  throw new ConfigurationError(
    `${where}, method is ${JSON.stringify(method)}, expected one of ${METHOD_NAMES.join(', ')}, all, or the path ` +
      `of a module`,
    where,
  );
}
