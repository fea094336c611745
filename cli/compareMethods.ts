import { join } from 'node:path';
import Table from 'cli-table3';
import { readImage } from '../clip/image/readImage.ts';
import type { RgbImage } from '../clip/image/types.ts';
import type { ClassList } from '../rfclip/classes.ts';
import { type Method, METHODS } from '../rfclip/methods/index.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import { prepareImage } from '../rfclip/prepareImage.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import type { Settings } from '../rfclip/settings.ts';
import type { Console } from './console.ts';
import { forEachImage, type ImageFailure } from './forEachImage.ts';
import { addConfusion, type Confusion } from '../datasets/confusion.ts';
import { areasOf, metricsOf } from '../datasets/metrics.ts';
import { compareWithMask } from '../datasets/maskBeside.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { contactSheet, type SheetEntry } from '../pictures/contactSheet.ts';
import { renderOverlay } from '../pictures/overlay.ts';
import { vocPalette } from '../pictures/palette.ts';
import { writeLabelPng, writeRgbPng } from '../pictures/writePng.ts';
import { classShares, reportedShare } from '../rfclip/classShares.ts';

/** Everything `compareMethods` needs. */
export interface CompareJob {
  model: ClipModel;
  classes: ClassList;
  settingsOf: (method: Method) => Settings;
  images: readonly string[];
  out: string;
  console: Console;
}

/** What is known of a method after all images. */
export interface MethodRow {
  method: string;
  /** Mean over the images, without the first one where there are several: it also compiles kernels. */
  milliseconds: number;
  /** Time divided by plain CLIP's. */
  cost: number;
  /** Share of pixels with the label that the first method gives. */
  agreement: number;
  /** Over the images with a mask beside them. */
  mIoU?: number;
}

interface MethodRun {
  name: string;
  segmenter: SegmentationPipeline;
  times: number[];
  equal: number;
  confusion?: Confusion;
}

/**
 * Runs every method over every image: a contact sheet, a report, and a label PNG per method for each image, and one row
 * per method. Methods that cannot run with what there is are named in a note.
 * @throws DeviceError when the device failed; ClassListError as `ClipModel.encodeWords`.
 */
async function compareMethods(job: CompareJob): Promise<{ rows: MethodRow[]; failures: ImageFailure[] }> {
  const { model, classes, console } = job;
  const textFeatures = await model.encodeWords(classes.queries);
  const runs: MethodRun[] = [];
  for (const method of METHODS) {
    const lack = model.lackOf(method);
    if (lack === undefined) {
      const segmenter = await model.segmenter(classes, method, job.settingsOf(method), textFeatures);
      runs.push({ name: method.name, segmenter, times: [], equal: 0 });
    } else console.note(`note: ${method.name} is left out, because ${lack}`);
  }
  let pixels = 0;
  const failures = await forEachImage(job.images, console, async (path, stem) => {
    const image = await readImage(path);
    const best = await compareImage(job, runs, image, path, stem);
    pixels += image.width * image.height;
    return best;
  });
  return { rows: methodRows(runs, pixels), failures };
}

async function compareImage(
  job: CompareJob,
  runs: MethodRun[],
  image: RgbImage,
  path: string,
  stem: string,
): Promise<string> {
  const names = job.classes.classes.map((entry) => entry.name);
  const palette = vocPalette(names.length);
  const sheet: SheetEntry[] = [{ caption: path, picture: image }];
  const report: Record<string, unknown> = {};
  let first: Uint16Array | undefined;
  for (const run of runs) {
    const { name, segmenter } = run;
    const input = prepareImage(image, segmenter.settings.resize);
    const started = performance.now();
    const segmentation = await segmenter.segment(input, image.height, image.width);
    const milliseconds = performance.now() - started;
    const { labels } = segmentation;
    first ??= labels;
    run.times.push(milliseconds);
    run.equal += labels.reduce((count, label, i) => count + (label === first![i] ? 1 : 0), 0);
    const confusion = await compareWithMask(path, segmentation, names.length);
    if (confusion !== undefined && run.confusion !== undefined) addConfusion(run.confusion, confusion);
    else run.confusion ??= confusion;
    sheet.push({
      caption: name,
      picture: renderOverlay(image, { width: image.width, height: image.height, data: labels }, palette, names, {
        legend: false,
      }),
    });
    await writeLabelPng(
      join(job.out, `${stem}.${name}.label.png`),
      names.length <= 256 ? Uint8Array.from(labels) : labels,
      image.width,
      image.height,
      palette,
    );
    report[name] = {
      milliseconds: Math.round(milliseconds * 10) / 10,
      classes: classShares(job.classes, segmentation).map(reportedShare),
    };
  }
  await writeRgbPng(join(job.out, `${stem}.methods.png`), contactSheet(sheet));
  await atomicWrite(
    join(job.out, `${stem}.methods.json`),
    `${JSON.stringify({ image: path, methods: report }, null, 2)}\n`,
  );
  return `${runs.length} methods -> ${join(job.out, `${stem}.methods.png`)}`;
}

function methodRows(runs: readonly MethodRun[], pixels: number): MethodRow[] {
  const mean = (times: readonly number[]) => {
    const warm = times.length > 1 ? times.slice(1) : times;
    return warm.reduce((sum, time) => sum + time, 0) / Math.max(1, warm.length);
  };
  const plain = runs.find(({ name }) => name === 'clip')!;
  return runs.map(({ name, times, equal, confusion }) => ({
    method: name,
    milliseconds: mean(times),
    cost: mean(times) / mean(plain.times),
    agreement: equal / Math.max(1, pixels),
    ...(confusion === undefined ? {} : { mIoU: metricsOf(areasOf(confusion)).mIoU ?? undefined }),
  }));
}

/**
 * What `--method all` does in every command: `compareMethods`, then its table or JSON document.
 * @returns the exit code.
 */
export async function reportComparison(job: CompareJob): Promise<number> {
  const { rows, failures } = await compareMethods(job);
  job.console.result(formatMethodRows(rows));
  job.console.json({ methods: rows, failures });
  return failures.length > 0 ? 1 : 0;
}

/** The rows as a table for people. */
function formatMethodRows(rows: readonly MethodRow[]): string {
  const withMasks = rows.some(({ mIoU }) => mIoU !== undefined);
  const table = new Table({
    head: ['method', 'ms/image', 'cost', `agrees with ${rows[0]?.method ?? ''}`, ...(withMasks ? ['mIoU'] : [])],
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
