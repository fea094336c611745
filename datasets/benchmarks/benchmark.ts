import { type ClassList, makeClassList } from '../../rfclip/classes.ts';
import type { PublishedSettings } from '../publishedSettings.ts';

/** Name, colour as RRGGBB, and the words that stand for the class where they are not its name, separated by ", ". */
export type BenchmarkClass = readonly [name: string, colour: string, words?: string];

/** Where a benchmark's files lie, as MMSegmentation's data preparation guide puts them. */
export interface BenchmarkLayout {
  /**
   * Folders below the data folder that may hold the rest, in the order they are tried; '' is the data folder itself.
   */
  roots: readonly string[];
  imageFolder: string;
  /** In the order they are tried. */
  labelFolders: readonly string[];
  /** File with one image id per line; without it every file of the image folder with the image suffix counts. */
  splitFile?: string;
  imageSuffix: string;
  labelSuffix: string;
}

/** mIoU in percent by method; `Pamr` where label maps were refined. */
export interface PublishedFigures {
  rfclip: number;
  rfclipPamr: number;
  naclipPamr: number;
  sclip: number;
}

/** What is known of a benchmark before any of its files is read. */
export interface Benchmark {
  name: string;
  /** Other names people and published configurations use. */
  aliases: readonly string[];
  title: string;
  /** Label k is class k. */
  classes: readonly BenchmarkClass[];
  /** Label 0 is taken out and the others move down by one. */
  reduceZeroLabel: boolean;
  layout: BenchmarkLayout;
  /** Images of the validation split, as usually published. */
  expectedPairs: number;
  /** What the code bases' configurations change in their defaults; absent for those that published none. */
  settings: Partial<PublishedSettings>;
  /** mIoU in percent with ViT-B/16: RF-CLIP's as its paper reports them, NACLIP's and SCLIP's as their releases do. */
  published?: PublishedFigures;
  /** How to get the files, one step per line. */
  fetch: readonly string[];
}

/**
 * The class list of a benchmark: its words as published, under the names that MMSegmentation gives the classes.
 *
 * @throws ClassListError never for the benchmarks of this folder; tests check them all
 */
export function benchmarkClassList({ name, classes }: Benchmark): ClassList {
  const list = makeClassList(
    classes.map(([className, , words]) => (words ?? className).split(', ')),
    name,
  );
  return { ...list, classes: list.classes.map(({ words }, k) => ({ name: classes[k][0], words })) };
}

/** The colours of a benchmark as RGB triples, uint8 [K, 3]. */
export function benchmarkPalette({ classes }: Benchmark): Uint8Array {
  return Uint8Array.from(
    classes.flatMap(([, colour]) => [0, 2, 4].map((at) => parseInt(colour.slice(at, at + 2), 16))),
  );
}

/** How to get a benchmark's files into a folder, for sentences: by one command, or step by step. */
export function describeFetch({ name, fetch }: Benchmark, folder: string): string {
  const steps = [...fetch, `or let one command do it: rfclip data pull ${name} --data ${folder}`];
  return `to get it:\n  - ${steps.join('\n  - ')}`;
}
