import { ade20k } from './ade20k.ts';
import type { Benchmark } from './benchmark.ts';
import { cityscapes } from './cityscapes.ts';
import { cocoObject } from './cocoObject.ts';
import { cocoStuff } from './cocoStuff.ts';
import { context59 } from './context59.ts';
import { context60 } from './context60.ts';
import { voc20 } from './voc20.ts';
import { voc21 } from './voc21.ts';

export {
  type Benchmark,
  type BenchmarkClass,
  benchmarkClassList,
  type BenchmarkLayout,
  benchmarkPalette,
  describeFetch,
  type PublishedFigures,
} from './benchmark.ts';

/** The eight benchmarks in the order papers print them: with background, then without. */
export const BENCHMARKS: readonly Benchmark[] = [
  voc21,
  context60,
  cocoObject,
  voc20,
  context59,
  cocoStuff,
  cityscapes,
  ade20k,
];

/** Their names. */
export const BENCHMARK_NAMES: readonly string[] = BENCHMARKS.map(({ name }) => name);

/** A benchmark by its name or an alias; upper case, `-` and `_` make no difference. Undefined if there is none. */
export function findBenchmark(name: string): Benchmark | undefined {
  return BENCHMARKS.find((benchmark) =>
    [benchmark.name, ...benchmark.aliases].some((known) => plain(known) === plain(name)),
  );
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, '');
}
