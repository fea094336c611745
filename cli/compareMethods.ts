import Table from 'cli-table3';
import { compareMethods, type MethodComparisonJob, type MethodRow } from '../evaluation/methodComparison.ts';
import type { SegmentationReport } from '../library/segmentationResult.ts';
import type { Device } from '../engine/index.ts';
import type { Console } from './console.ts';
import { exitCodeOfImages } from './failure.ts';
import { methodFiles } from './methodFiles.ts';
import { type NetworkFlags, openModel } from './sharedOptions.ts';
import { noteToy } from './toyNotes.ts';

/** What `--method all` compares, and where its files go. */
interface CompareJob extends Omit<MethodComparisonJob, 'reporter' | 'visit'> {
  out: string;
  /** Index of the class that is the background, where one was named. */
  background?: number;
  console: Console;
}

/**
 * Opens the model of the flags and does what `--method all` does in every command.
 * @returns the exit code.
 */
export async function compareWith(
  device: Device,
  flags: NetworkFlags & { out: string },
  job: Omit<CompareJob, 'model' | 'limits' | 'out' | 'background'>,
): Promise<number> {
  const { maxMegapixels, out, background } = flags;
  const model = await openModel(device, flags);
  try {
    noteToy(model.noticesOf(job.classes.queries), job.images, job.console);
    const named = background === undefined ? undefined : 0;
    return await reportComparison({ ...job, model, limits: { maxMegapixels }, out, background: named });
  } finally {
    model.close();
  }
}

/**
 * What `--method all` does in every command: a contact sheet, a report, and a label PNG per method for each image, then
 * one row per method as a table or in the JSON document.
 * @returns the exit code.
 */
async function reportComparison(job: CompareJob): Promise<number> {
  const reports = new Map<string, SegmentationReport[]>();
  const { rows, failures } = await compareMethods({
    ...job,
    reporter: job.console,
    visit: (image, path, stem, facts) =>
      methodFiles(job, { image, path, stem, ...facts }, (report) => {
        const before = reports.get(report.method) ?? [];
        reports.set(report.method, [...before, report]);
      }),
  });
  const done = job.images.length - failures.length;
  if (rows.length > 0) job.console.result(formatMethodRows(rows, done));
  const methods = rows.map((row) => ({ ...row, results: reports.get(row.method) }));
  job.console.json({ methods, timesIncludeCompiling: done === 1, failures });
  return exitCodeOfImages(failures.length, done);
}

/**
 * The rows as a table for people.
 * @param images that succeeded; the times of a single one contain what is done once, of which the head tells
 */
function formatMethodRows(rows: readonly MethodRow[], images: number): string {
  const times = images === 1 ? ['ms, compiling included', 'cost, so measured'] : ['ms/image', 'cost'];
  const withMasks = rows.some(({ mIoU }) => mIoU !== undefined);
  const table = new Table({
    head: ['method', ...times, `agrees with ${rows[0]?.method ?? ''}`, ...(withMasks ? ['mIoU'] : [])],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { method, milliseconds, cost, agreement, mIoU } of rows) {
    table.push([
      method,
      milliseconds.toFixed(0),
      `${cost.toFixed(2)} x clip`,
      `${(100 * agreement).toFixed(1)} %`,
      ...(withMasks ? [mIoU === undefined ? '-' : `${(100 * mIoU).toFixed(1)} %`] : []),
    ]);
  }
  return table.toString();
}
