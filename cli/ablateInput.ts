import { existsSync } from 'node:fs';
import type { Benchmark } from '../datasets/benchmarks/index.ts';
import { dataSetName } from '../datasets/dataSet.ts';
import type { FolderLayout } from '../datasets/folderLayout.ts';
import { byCodeUnits } from '../datasets/pairs.ts';
import { evaluationSettings } from '../datasets/publishedSettings.ts';
import type { AblationPlan } from '../evaluation/ablationRun.ts';
import { dataFiles } from '../evaluation/outputFiles.ts';
import { openWanted } from '../evaluation/plan.ts';
import { imageListSha256 } from '../evaluation/run/manifest.ts';
import { selectImages } from '../evaluation/run/selection.ts';
import { WHOLE } from '../evaluation/run/shard.ts';
import { findMethod } from '../rfclip/methods/index.ts';
import { DEFAULT_SETTINGS, NO_IMAGE_SEMANTICS, type Settings } from '../rfclip/settings.ts';
import { counted } from '../system/counted.ts';
import { expandImages } from './imageArguments.ts';
import { readClasses } from './sharedOptions.ts';

/** What the flags of `rfclip ablate` say about its input. */
export interface AblationInputFlags {
  data?: string;
  classes?: string;
  classesFile?: string;
  limit?: number;
  whole?: boolean;
  resize?: number;
  imageSemantics: boolean;
}

/** The part of a plan that follows from the arguments, and the files that nothing may replace. */
export interface AblationInput extends Pick<AblationPlan, 'dataSet' | 'selection' | 'settings'> {
  inputs: string[];
  dataFolders: string[];
}

/**
 * What is ablated: a data set by name with its published settings, a folder, the sample set, or images without labels.
 * @throws as `openWanted`, `readClasses`, `expandImages`
 */
export function ablationInput(
  args: readonly string[],
  flags: AblationInputFlags,
  layout: FolderLayout,
  note: (line: string) => void,
): AblationInput {
  const named = args.length === 1 && !existsSync(args[0]) ? dataSetName(args[0]) : undefined;
  if (named === undefined && args.length > 0) return imagesInput([...expandImages(args, { note })], flags);
  const name = named ?? (flags.data === undefined ? 'sample' : 'folder');
  const dataSet = openWanted(name, flags.data, layout);
  return {
    dataSet,
    selection: selectImages(dataSet, { limit: flags.limit, shard: WHOLE }),
    settings: settingsOf(dataSet.benchmark, flags),
    ...dataFiles([dataSet]),
  };
}

/** Images in the order in which they were named; that of the list's hash is that of a data set. */
function imagesInput(images: readonly string[], flags: AblationInputFlags): AblationInput {
  const classes = readClasses({ classes: flags.classes, classesFile: flags.classesFile });
  const all = [...new Set(images)];
  const pairs = all.slice(0, flags.limit).map((image) => ({ id: image, image, label: '' }));
  return {
    dataSet: { name: 'images', title: counted(images.length, 'image'), classes, reduceZeroLabel: false },
    selection: {
      images: { count: all.length, sha256: imageListSha256([...all].sort(byCodeUnits)) },
      count: pairs.length,
      pairs,
      missing: [],
    },
    settings: settingsOf(undefined, flags),
    inputs: [...images],
    dataFolders: [],
  };
}

/** On benchmarks those that were published for RF-CLIP; elsewhere the default ones, without image semantics. */
function settingsOf(benchmark: Benchmark | undefined, { whole, resize, imageSemantics }: AblationInputFlags): Settings {
  const settings: Settings =
    benchmark === undefined
      ? structuredClone({ ...DEFAULT_SETTINGS })
      : evaluationSettings(findMethod('rfclip-paper'), benchmark.settings);
  return {
    ...settings,
    ...(imageSemantics ? {} : NO_IMAGE_SEMANTICS),
    ...(resize === undefined ? {} : { resize: [settings.resize[0], resize] as [number, number] }),
    ...(whole === true ? { window: 0 } : {}),
  };
}
