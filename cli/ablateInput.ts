import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findBenchmark } from '../datasets/benchmarks/index.ts';
import { dataSetName, openDataSet } from '../datasets/dataSet.ts';
import type { FolderLayout } from '../datasets/folderLayout.ts';
import type { MissingFile } from '../datasets/pairs.ts';
import { evaluationSettings } from '../datasets/publishedSettings.ts';
import { SAMPLE_FOLDER } from '../datasets/sampleFolder.ts';
import type { AblationPlan } from '../evaluation/ablationRun.ts';
import { selectImages } from '../evaluation/run/selection.ts';
import { WHOLE } from '../evaluation/run/shard.ts';
import { findMethod } from '../rfclip/methods/index.ts';
import { DEFAULT_SETTINGS, NO_IMAGE_SEMANTICS, type Settings } from '../rfclip/settings.ts';
import { counted } from '../system/counted.ts';
import { RequestError } from '../system/requestError.ts';
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
 * @throws RequestError for a benchmark without a folder; as `openDataSet`, `readClasses`, `expandImages`
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
  const folder = flags.data ?? (name === 'sample' ? SAMPLE_FOLDER : undefined);
  if (folder === undefined)
    throw new RequestError(`the data set ${name} needs --data, the folder it lies in`, '--data');
  const dataSet = openDataSet(name, folder, { layout });
  const files = [
    ...dataSet.pairs.flatMap(({ image, label }) => [image, label]),
    ...dataSet.missing.map(({ path }: MissingFile) => path),
  ];
  return {
    dataSet,
    selection: selectImages(dataSet, { limit: flags.limit, shard: WHOLE }),
    settings: settingsOf(findBenchmark(name)?.name, flags),
    inputs: [join(dataSet.root, 'classes.txt'), ...files],
    dataFolders: [...new Set(files.map((path) => dirname(path)))],
  };
}

function imagesInput(images: readonly string[], flags: AblationInputFlags): AblationInput {
  const classes = readClasses({ classes: flags.classes, classesFile: flags.classesFile });
  const pairs = [...new Set(images)].map((image) => ({ id: image, image, label: '' }));
  const listing = { root: '.', pairs, missing: [] };
  const { pairs: all, ...selection } = selectImages(listing, { shard: WHOLE });
  // In the order in which they were named.
  const own = new Set(all.map(({ id }) => id));
  const chosen = pairs.filter(({ id }) => own.has(id)).slice(0, flags.limit);
  return {
    dataSet: { name: 'images', title: counted(images.length, 'image'), classes, reduceZeroLabel: false },
    selection: { ...selection, count: chosen.length, pairs: chosen },
    settings: settingsOf(undefined, flags),
    inputs: [...images],
    dataFolders: [],
  };
}

/** On benchmarks those that were published for RF-CLIP; elsewhere the default ones, without image semantics. */
function settingsOf(benchmark: string | undefined, { whole, resize, imageSemantics }: AblationInputFlags): Settings {
  const settings: Settings =
    benchmark === undefined
      ? structuredClone({ ...DEFAULT_SETTINGS })
      : evaluationSettings(findMethod('rfclip-paper'), findBenchmark(benchmark)?.settings);
  return {
    ...settings,
    ...(imageSemantics ? {} : NO_IMAGE_SEMANTICS),
    ...(resize === undefined ? {} : { resize: [settings.resize[0], resize] as [number, number] }),
    ...(whole === true ? { window: 0 } : {}),
  };
}
