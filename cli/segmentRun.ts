import { join } from 'node:path';
import { maskFiles, savedFiles } from '../library/savedFiles.ts';
import { chosenMethods } from '../evaluation/methodChoice.ts';
import { type Method, METHODS } from '../rfclip/methods/index.ts';
import type { Settings } from '../rfclip/settings.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import { checkOutputs } from '../system/outputGate.ts';
import { removeStaleFiles, TEMPORARY_NAME } from '../system/temporaryFiles.ts';
import { comparisonOutputs } from './methodFiles.ts';
import { stemsOf } from './segmentFiles.ts';
import { readMethod } from './modelFlags.ts';
import { inputsOf, type NetworkFlags, segmentSettings } from './sharedOptions.ts';

/** What `--method` and the flags of settings choose. */
interface ChosenNetwork {
  /** Undefined for `--method all`. */
  method: Method | undefined;
  /** Of `method`, or of the first of all. */
  settings: Settings;
  settingsOf: (method: Method) => Settings;
}

/** The method of the flags with its settings. @throws as `segmentSettings` and `readMethod` */
export async function chosenNetwork(flags: NetworkFlags): Promise<ChosenNetwork> {
  const settingsOf = (method: Method) => segmentSettings(method, flags);
  const choice = await readMethod(flags.method);
  const method = choice === 'all' ? undefined : chosenMethods(choice)[0];
  return { method, settings: settingsOf(method ?? METHODS[0]), settingsOf };
}

/**
 * Makes the folder of the results, once nothing in it would be replaced that should stay.
 * @param masksOf names of the classes that each have a mask
 * @throws OverwriteError, OutputError
 */
export function prepareOutputs(
  images: readonly string[],
  flags: NetworkFlags & { out: string },
  masksOf: readonly string[] = [],
): void {
  const { method, out, overwrite } = flags;
  const outputsOf = (stem: string): string[] => {
    if (method === 'all') return comparisonOutputs(out, stem);
    const { label, overlay, report } = savedFiles(join(out, stem));
    return [label, overlay, report, ...maskFiles(join(out, stem), masksOf)];
  };
  checkOutputs({ files: stemsOf(images).flatMap(outputsOf), inputs: [...images, ...inputsOf(flags)], overwrite });
  makeOutputFolder(out);
  removeStaleFiles(out, [TEMPORARY_NAME]);
}
