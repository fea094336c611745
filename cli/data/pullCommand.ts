import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { BENCHMARK_NAMES, findBenchmark } from '../../datasets/benchmarks/index.ts';
import { pullDataSet, type PulledDataSet } from '../../datasets/pull/pullDataSet.ts';
import { dataFolder } from '../../datasets/pull/dataFolder.ts';
import { counted } from '../../system/counted.ts';
import { RequestError } from '../../system/requestError.ts';
import { type Console, makeConsole } from '../console.ts';
import { OVERWRITE } from '../modelFlags.ts';
import { wholeNumber } from '../parsers.ts';

/** Flags that say where a data set goes and where it comes from. */
export interface PullFlags {
  data?: string;
  fromArchives?: string;
  keepArchives?: boolean;
  unverified?: boolean;
  threads: number;
  overwrite?: boolean;
}

/** Adds `rfclip data pull`. */
export function addPullCommand(data: Command): void {
  addPullFlags(
    data
      .command('pull')
      .description('download a benchmark, take out its validation split, and make its label maps')
      .argument('<name>', BENCHMARK_NAMES.join(', ')),
  )
    .option(...OVERWRITE)
    .option('--json', 'print one JSON document and nothing else')
    .action(async (name: string, flags: PullFlags & { json?: boolean }) => {
      const console = makeConsole({ json: flags.json === true });
      const found = await pull(name, flags, console);
      const { dataSet, pulled } = found;
      const { name: known, title, root, pairs } = dataSet;
      console.result(describePulled(found));
      console.json({ name: known, title, root, pulled, pairs: pairs.length, ids: pairs.map(({ id }) => id) });
    });
}

/** Adds the flags of `PullFlags` but `--overwrite`. */
export function addPullFlags(command: Command): Command {
  return command
    .option('--data <folder>', 'where the data set lies or goes (default: "data" in the cache folder)')
    .option('--from-archives <folder>', 'take archives from here that were fetched by hand')
    .option('--keep-archives', 'leave the archives in "archives" below the data folder')
    .option('--unverified', 'also take archives whose size or checksum is not the one on record')
    .option(
      '--threads <count>',
      'worker threads that make label maps',
      wholeNumber(1),
      Math.min(availableParallelism(), 8),
    )
    .addHelpText(
      'after',
      '\nWhat was interrupted goes on with the same command, and what is there is kept.\n\nEnvironment:\n' +
        '  RFCLIP_CACHE_DIR      folder of all caches\n  RFCLIP_DATA_BASE_URL  for tests and mirrors: replaces the ' +
        'scheme and host of the addresses',
    );
}

/** What there is now, and where. */
export function describePulled({ dataSet: { title, pairs, root }, pulled }: PulledDataSet): string {
  return `${title}: ${counted(pairs.length, 'image')} ${
    pulled ? 'in' : `${pairs.length === 1 ? 'is' : 'are'} there already:`
  } ${root}`;
}

/**
 * Pulls the data set of the flags.
 * @throws RequestError for a name that is no benchmark's; as `pullDataSet`
 */
export async function pull(name: string, flags: PullFlags, console: Console): Promise<PulledDataSet> {
  if (findBenchmark(name) === undefined)
    throw new RequestError(`there is no benchmark ${name}, expected one of ${BENCHMARK_NAMES.join(', ')}`, name);
  const { fromArchives, keepArchives, unverified, threads, overwrite } = flags;
  return pullDataSet(name, flags.data ?? dataFolder(), {
    fromArchives,
    keepArchives,
    unverified,
    threads,
    overwrite,
    reporter: console,
  });
}
