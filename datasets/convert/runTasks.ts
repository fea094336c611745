import { dirname } from 'node:path';
import { reasonOf } from '../../clip/image/imageError.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { removeStaleFiles, TEMPORARY_NAME } from '../../system/temporaryFiles.ts';
import { type FileUrl, openThreadPool, workerBeside } from '../threadPool.ts';
import type { Reporter } from '../../system/reporter.ts';
import type { ConversionMode, ConversionOutcome, ConversionTask, WorkerTask } from './task.ts';

/** What became of all tasks. */
export interface ConversionSummary {
  counts: Record<ConversionOutcome['status'], number>;
  /** Sentences about the files that are wrong or failed, in the order of the tasks. */
  problems: string[];
  /** Labels that the data set does not use, and in how many files each occurs. */
  unknown: Record<string, number>;
  /** Tasks that were not begun because an earlier one showed that nothing can be written. */
  notBegun: number;
  threads: number;
  seconds: number;
}

/** How a conversion is done. */
export interface ConversionOptions {
  mode: ConversionMode;
  /** Also replace files that rfclip did not make, and inputs; otherwise they are refused. */
  overwrite?: boolean;
  /** Worker threads. */
  threads: number;
  reporter: Reporter;
}

/** Nobody writes one label map for so long. */
const STALE_MILLISECONDS = 60_000;

/** Most lines of progress, or steps of the bar. */
const MOST_STEPS = 20;

/**
 * Runs tasks in worker threads, each of which has one file at a time, and reports progress. A file that fails is
 * counted and the others go on, even if its thread died of it; when nothing can be written any more (disk full,
 * permission), no further task is begun.
 *
 * @param options.file other threads, for tests
 * @throws OverwriteError where files are to be written again (`force`) that rfclip did not make, before the first
 */
export async function runTasks(
  tasks: readonly ConversionTask[],
  options: ConversionOptions & { file?: FileUrl },
): Promise<ConversionSummary> {
  const { mode, overwrite } = options;
  if (mode === 'force')
    checkOutputs({ files: tasks.map(({ target }) => target), inputs: tasks.map(({ source }) => source), overwrite });
  if (mode !== 'check')
    for (const folder of new Set(tasks.map(({ target }) => dirname(target))))
      removeStaleFiles(folder, [TEMPORARY_NAME], STALE_MILLISECONDS);
  const outcomes: (ConversionOutcome | undefined)[] = tasks.map(() => undefined);
  const steps = Math.min(MOST_STEPS, tasks.length);
  const progress = options.reporter.progress(mode === 'check' ? 'checking' : 'converting', steps);
  const started = performance.now();
  const pool = openThreadPool<WorkerTask, ConversionOutcome>({
    file: options.file ?? workerBeside(import.meta.url, 'worker'),
    threads: Math.min(options.threads, Math.max(tasks.length, 1)),
  });
  let next = 0;
  let done = 0;
  let step = 0;
  let stopped = false;
  const takeTasks = async (): Promise<void> => {
    while (!stopped && next < tasks.length) {
      const index = next++;
      const outcome = await pool
        .run({ task: tasks[index], mode, overwrite })
        .catch((error: unknown) => failureOf(tasks[index], error));
      outcomes[index] = outcome;
      stopped ||= outcome.fatal === true;
      done++;
      for (; step < Math.floor((steps * done) / tasks.length); step++)
        progress.step(
          `${done} of ${tasks.length} files, ${((done / (performance.now() - started)) * 1000).toFixed(0)}/s`,
        );
    }
  };
  try {
    await Promise.all(Array.from({ length: pool.threads }, takeTasks));
  } finally {
    progress.stop();
    await pool.close();
  }
  return { ...summarise(outcomes), threads: pool.threads, seconds: (performance.now() - started) / 1000 };
}

/** What the thread did not answer itself: it died, was out of memory, or met what nobody foresaw. */
function failureOf(task: ConversionTask, error: unknown): ConversionOutcome {
  const what = task.kind === 'context' ? `${task.image.id} in ${task.source}` : task.source;
  return { status: 'failed', message: `${what} cannot be converted: ${reasonOf(error)}` };
}

function summarise(
  outcomes: readonly (ConversionOutcome | undefined)[],
): Omit<ConversionSummary, 'threads' | 'seconds'> {
  const summary: Omit<ConversionSummary, 'threads' | 'seconds'> = {
    counts: { written: 0, kept: 0, correct: 0, wrong: 0, failed: 0 },
    problems: [],
    unknown: {},
    notBegun: 0,
  };
  for (const outcome of outcomes) {
    if (outcome === undefined) {
      summary.notBegun++;
      continue;
    }
    summary.counts[outcome.status]++;
    if (outcome.message !== undefined) summary.problems.push(outcome.message);
    for (const label of outcome.unknown ?? []) summary.unknown[label] = (summary.unknown[label] ?? 0) + 1;
  }
  return summary;
}
