import { join } from 'node:path';
import Table from 'cli-table3';
import type { RgbImage } from '../clip/image/types.ts';
import {
  compareMethods,
  type ImageVisit,
  type MethodComparisonJob,
  type MethodRow,
} from '../evaluation/methodComparison.ts';
import { contactSheet, type SheetEntry } from '../pictures/contactSheet.ts';
import { renderOverlay } from '../pictures/overlay.ts';
import { classPalette } from '../pictures/palette.ts';
import { writeLabelPng, writeRgbPng } from '../pictures/writePng.ts';
import { backgroundClass } from '../rfclip/backgroundClass.ts';
import { METHOD_NAMES } from '../rfclip/methods/index.ts';
import { classShares, reportedShare } from '../rfclip/classShares.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { tenths } from '../system/tenths.ts';
import type { Console } from './console.ts';
import { exitCodeOfImages } from './failure.ts';

/** What `--method all` compares, and where its files go. */
export interface CompareJob extends Omit<MethodComparisonJob, 'reporter' | 'visit'> {
  out: string;
  /** Index of the class that is the background, where one was named. */
  background?: number;
  console: Console;
}

/**
 * What `--method all` does in every command: a contact sheet, a report, and a label PNG per method for each image, then
 * one row per method as a table or in the JSON document.
 * @returns the exit code.
 */
export async function reportComparison(job: CompareJob): Promise<number> {
  const { rows, failures } = await compareMethods({
    ...job,
    reporter: job.console,
    visit: (image, path, stem) => imageFiles(job, image, path, stem),
  });
  const done = job.images.length - failures.length;
  if (rows.length > 0) job.console.result(formatMethodRows(rows, done));
  job.console.json({ methods: rows, timesIncludeCompiling: done === 1, failures });
  return exitCodeOfImages(failures.length, done);
}

/** Paths of what `reportComparison` writes for an image. */
export function comparisonOutputs(out: string, stem: string): string[] {
  const labels = METHOD_NAMES.map((name) => `${stem}.${name}.label.png`);
  return [...labels, `${stem}.methods.png`, `${stem}.methods.json`].map((name) => join(out, name));
}

/** Writes the files of one image. */
function imageFiles({ classes, background, out }: CompareJob, image: RgbImage, path: string, stem: string): ImageVisit {
  const names = classes.classes.map((entry) => entry.name);
  const palette = classPalette(names.length, background ?? backgroundClass(classes));
  const { width, height } = image;
  const sheet: SheetEntry[] = [{ caption: path, picture: image }];
  const report: Record<string, unknown> = {};
  return {
    async method(name, segmentation, milliseconds) {
      const { labels } = segmentation;
      const overlay = renderOverlay(image, { width, height, data: labels }, palette, names, { legend: false });
      sheet.push({ caption: name, picture: overlay });
      await writeLabelPng(join(out, `${stem}.${name}.label.png`), labels, width, height, palette);
      report[name] = {
        milliseconds: tenths(milliseconds),
        classes: classShares(classes, segmentation).map(reportedShare),
      };
    },
    async done() {
      const picture = join(out, `${stem}.methods.png`);
      await writeRgbPng(picture, contactSheet(sheet));
      await atomicWrite(
        join(out, `${stem}.methods.json`),
        `${JSON.stringify({ image: path, methods: report }, null, 2)}\n`,
      );
      return `${sheet.length - 1} methods -> ${picture}`;
    },
  };
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
