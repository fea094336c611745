import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { counted } from '../../system/counted.ts';
import { freeBytes } from '../../system/diskSpace.ts';
import { isFolder } from '../../system/fileKinds.ts';
import { lockFile } from '../../system/fileLock.ts';
import { LockError } from '../../system/lockError.ts';
import { describeHolder } from '../../system/lockHolder.ts';
import { makeFolders } from '../../system/makeFolders.ts';
import { type Reporter, SILENT } from '../../system/reporter.ts';
import { withoutUndefined } from '../../system/withoutUndefined.ts';
import { type Benchmark, findBenchmark } from '../benchmarks/index.ts';
import { checkDataSet } from '../checkDataSet.ts';
import { convertContext } from '../convert/convertContext.ts';
import { convertMasks } from '../convert/convertMasks.ts';
import { type DataSet, openDataSet } from '../dataSet.ts';
import { DatasetError } from '../datasetError.ts';
import { requireSpaceForAll } from './diskNeeds.ts';
import { pullArchive } from './pullArchive.ts';
import type { PullContext } from './pullContext.ts';
import { PullError } from './pullError.ts';
import type { DataPullOptions } from './pullOptions.ts';
import { PullRecord } from './pullRecord.ts';
import { DATA_SOURCES, type DataSource, type PullStep } from './sources.ts';
import { removeEmptyFolder } from './staging.ts';

/** What came of it. */
export interface PulledDataSet {
  dataSet: DataSet;
  /** False where all was there already. */
  pulled: boolean;
}

/**
 * Gets a benchmark as its publishers offer it: fetches the archives, takes out the validation split, makes the label
 * maps. What is there is kept, and what was interrupted goes on.
 *
 * @param name of one of the eight benchmarks, or an alias
 * @param data the data folder; made where it is missing
 * @throws PullError for another name, where registration is needed, the disk is too small, or another pull is at work
 *   in the folder; DownloadError, ArchiveError, OverwriteError, OutputError, DatasetError
 */
export async function pullDataSet(name: string, data: string, options: DataPullOptions = {}): Promise<PulledDataSet> {
  const { sources = DATA_SOURCES, reporter = SILENT } = options;
  const benchmark = findBenchmark(name);
  const source = benchmark === undefined ? undefined : sources[benchmark.name];
  if (benchmark === undefined || source === undefined)
    throw new PullError(`there is no benchmark ${name}, expected one of ${Object.keys(sources).join(', ')}`, name);
  const root = rootOf(benchmark, source, data);
  const record = new PullRecord(data);
  const there = await findComplete(benchmark, data, { record, root, source, reporter });
  if (there !== undefined) return { dataSet: there, pulled: false };
  const archives = join(data, 'archives');
  const context: PullContext = {
    keepArchives: false,
    unverified: false,
    overwrite: false,
    freeBytes: () => freeBytes(data),
    ...definedOf(options),
    data,
    root,
    archives,
    record,
    reporter,
  };
  const { fromArchives } = context;
  if (fromArchives !== undefined && !isFolder(fromArchives))
    throw new PullError(`the folder of archives ${fromArchives} does not exist or is not a folder`, fromArchives);
  requireRegistered(benchmark, source, context);
  await withPullLock(context, async () => {
    requireSpaceForAll(archivesOf(source), context);
    for (const step of source.steps) await takeStep(step, context, options.threads);
  });
  removeEmptyFolder(archives);
  return { dataSet: finished(benchmark, data, reporter), pulled: true };
}

async function takeStep(step: PullStep, context: PullContext, threads?: number): Promise<void> {
  if ('archive' in step) return pullArchive(step.archive, context);
  const place = join(context.data, context.root);
  const options = {
    mode: 'convert' as const,
    overwrite: context.overwrite,
    threads: threads ?? Math.min(availableParallelism(), 8),
    reporter: context.reporter,
  };
  const { counts, problems, notBegun } =
    step.convert === 'pascal-context'
      ? await convertContext(join(place, step.annotations), place, { ...options, split: 'val' })
      : await convertMasks(step.convert, join(place, step.folder), join(place, step.folder), options);
  if (counts.failed + notBegun > 0)
    throw new DatasetError(
      `${counts.failed + notBegun} label maps could not be made; the first: ${problems[0]}`,
      place,
    );
}

/** The root of the layout that has images already, or else the one that is usual. */
function rootOf({ layout }: Benchmark, { root }: DataSource, data: string): string {
  return layout.roots.find((one) => isFolder(join(data, one, layout.imageFolder))) ?? root;
}

/** The data set where nothing is to be done: complete as published, or all that the archives had of it. */
async function findComplete(
  benchmark: Benchmark,
  data: string,
  { record, root, source, reporter }: { record: PullRecord; root: string; source: DataSource; reporter: Reporter },
): Promise<DataSet | undefined> {
  try {
    const dataSet = openDataSet(benchmark.name, data, { allowNone: true });
    const { complete } = await checkDataSet(dataSet, { deep: false, reporter });
    const all = archivesOf(source).every(({ file }) => record.isDone(file, root));
    return complete || (all && dataSet.pairs.length > 0 && dataSet.missing.length === 0) ? dataSet : undefined;
  } catch (error) {
    if (error instanceof DatasetError) return undefined;
    throw error;
  }
}

function finished(benchmark: Benchmark, data: string, reporter: Reporter): DataSet {
  const dataSet = openDataSet(benchmark.name, data);
  const { pairs, missing, expectedPairs } = dataSet;
  if (missing.length > 0)
    throw new DatasetError(
      `the archives lack ${missing.length} of the files of ${benchmark.title}; ${missing[0].path} is the first`,
      missing[0].path,
    );
  if (pairs.length !== expectedPairs)
    reporter.note(
      `note: ${data} has ${counted(pairs.length, 'image')} of ${benchmark.title}, while ${expectedPairs} are usual`,
    );
  return dataSet;
}

/** @throws PullError where archives are missing that nobody gets without a login */
function requireRegistered({ name, title }: Benchmark, source: DataSource, context: PullContext): void {
  if (source.registration === undefined) return;
  const { fromArchives, archives, record, root, data } = context;
  const missing = archivesOf(source)
    .map(({ file }) => file)
    .filter((file) => !record.isDone(file, root))
    .filter((file) =>
      [fromArchives, archives].every((folder) => folder === undefined || !existsSync(join(folder, file))),
    );
  if (missing.length === 0) return;
  throw new PullError(
    `${title} is given to people who registered only, so ${missing.join(' and ')} cannot be fetched`,
    name,
    {
      fix: `to get it:\n  - ${[
        ...source.registration,
        `rfclip data pull ${name} --data ${data} --from-archives FOLDER`,
        `or unpack both into ${join(data, root)} by yourself and run rfclip convert as "rfclip data check" says`,
      ].join('\n  - ')}`,
    },
  );
}

function archivesOf({ steps }: DataSource) {
  return steps.flatMap((step) => ('archive' in step ? [step.archive] : []));
}

/** Two pulls into one folder would write the same files. */
async function withPullLock(context: PullContext, body: () => Promise<void>): Promise<void> {
  const { archives, data, reporter, signal } = context;
  try {
    makeFolders(archives);
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    throw new PullError(`the folder ${path ?? archives} cannot be made (${code})`, data, { cause });
  }
  const path = join(archives, 'pull.lock');
  const lock = await lockFile(path, { note: (line) => reporter.note(line), signal }).catch((error: unknown) => {
    if (!(error instanceof LockError)) throw error;
    throw new PullError(
      error.problem === 'held'
        ? `another pull into ${data} is running (${describeHolder(error.holder)})`
        : error.message,
      data,
      { cause: error, fix: error.problem === 'held' ? `if there is none, delete ${path}` : undefined },
    );
  });
  try {
    await body();
  } finally {
    lock.release();
  }
}

/** Options that are undefined count as not given. */
function definedOf(options: DataPullOptions): Partial<PullContext> {
  const { sources: _, threads: __, ...rest } = options;
  return withoutUndefined(rest);
}
