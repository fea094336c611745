import { classPalette, withoutBlack } from '../pictures/palette.ts';
import { backgroundClass } from '../rfclip/backgroundClass.ts';
import type { ClassList } from '../rfclip/classes.ts';
import {
  type Benchmark,
  BENCHMARK_NAMES,
  benchmarkClassList,
  benchmarkPalette,
  findBenchmark,
} from './benchmarks/index.ts';
import { DatasetError } from './datasetError.ts';
import type { FolderLayout } from './folderLayout.ts';
import { listBenchmark } from './listing.ts';
import type { Listing } from './pairs.ts';
import { SAMPLE_FOLDER } from './sampleFolder.ts';
import { listVocFolder } from './vocFolder.ts';

/** Names that `openDataSet` takes: the benchmarks, the data set that ships, and any folder in VOC layout. */
export const DATA_SET_NAMES: readonly string[] = [...BENCHMARK_NAMES, 'sample', 'folder'];

/** Anything that can be evaluated, found on disk. */
export interface DataSet extends Listing {
  /** As in `DATA_SET_NAMES`. */
  name: string;
  title: string;
  classes: ClassList;
  /** The published colours, RGB triples, uint8 [K, 3]; absent where there are none. */
  palette?: Uint8Array;
  reduceZeroLabel: boolean;
  /** What the values of the label files stand for, where somebody said so: class by value. */
  labelMap?: Readonly<Record<string, number>>;
  /** Pairs of the complete data set, where that is known. */
  expectedPairs?: number;
  /** Where published settings come from. */
  benchmark?: Benchmark;
}

/**
 * The colours in which pictures show the classes: the published ones where there are some, but none black that is not
 * the background; else those of `classPalette`.
 *
 * @returns RGB triples, uint8 [K, 3]
 */
export function dataSetPalette({ classes, palette }: Pick<DataSet, 'classes' | 'palette'>): Uint8Array {
  const background = backgroundClass(classes);
  return palette === undefined ? classPalette(classes.classes.length, background) : withoutBlack(palette, background);
}

/** A data set's name as in `DATA_SET_NAMES`, from a name or an alias; undefined if there is none. */
export function dataSetName(name: string): string | undefined {
  return findBenchmark(name)?.name ?? DATA_SET_NAMES.find((known) => known === name.toLowerCase());
}

/**
 * Finds a data set on disk.
 *
 * @param name a name or an alias
 * @param folder the data folder; only `sample` needs none
 * @param options.allowNone as in `listBenchmark`
 * @param options.layout where the parts of `folder` and `sample` lie; of a benchmark only `classes` and `labelMap`
 * @throws DatasetError for an unknown name, a missing `folder`, files as `listBenchmark` and `listVocFolder`, a part of
 *   a benchmark's layout that is not as published, or a class list of another length than the benchmark's
 */
export function openDataSet(
  name: string,
  folder?: string,
  options: { allowNone?: boolean; layout?: FolderLayout } = {},
): DataSet {
  const { layout = {} } = options;
  const labelMap = layout.labelMap === undefined ? {} : { labelMap: layout.labelMap };
  const known = dataSetName(name);
  if (known === undefined)
    throw new DatasetError(`there is no data set ${name}, expected one of ${DATA_SET_NAMES.join(', ')}`, name);
  if (known === 'sample')
    return {
      name: known,
      title: 'sample scenes',
      reduceZeroLabel: false,
      expectedPairs: 40,
      ...labelMap,
      ...listVocFolder(folder ?? SAMPLE_FOLDER, layout),
    };
  if (folder === undefined) throw new DatasetError(`the data set ${known} needs the folder it lies in`, known);
  if (known === 'folder')
    return { name: known, title: folder, reduceZeroLabel: false, ...labelMap, ...listVocFolder(folder, layout) };
  const benchmark = findBenchmark(known)!;
  const { title, reduceZeroLabel, expectedPairs } = benchmark;
  const { root, pairs, missing } = listBenchmark(benchmark, folder, options);
  return {
    name: known,
    title,
    classes: classesOf(benchmark, layout),
    ...labelMap,
    palette: benchmarkPalette(benchmark),
    reduceZeroLabel,
    expectedPairs,
    benchmark,
    root,
    pairs,
    missing,
  };
}

/** A benchmark's own classes, or as many others: its labels stay what they are. */
function classesOf(benchmark: Benchmark, layout: FolderLayout): ClassList {
  const own = benchmarkClassList(benchmark);
  const { classes = own } = layout;
  const foreign = (['split', 'imageFolder', 'labelFolder', 'imageSuffix', 'labelSuffix'] as const).find(
    (key) => layout[key] !== undefined,
  );
  if (foreign !== undefined)
    throw new DatasetError(
      `${benchmark.name} has its published layout and split, so ${foreign} ${layout[foreign]} cannot be chosen for it`,
      benchmark.name,
      { fix: 'evaluate it as "folder" to have other images or labels' },
    );
  if (classes.classes.length !== own.classes.length)
    throw new DatasetError(
      `${benchmark.name} has ${own.classes.length} classes, but ${classes.classes.length} were given; expected other ` +
        `words for the same classes, in their order`,
      benchmark.name,
    );
  return classes;
}
