import { basename, join } from 'node:path';
import type { DecodedImage } from '../clip/image/types.ts';
import { readImage } from '../clip/image/readImage.ts';
import { DeviceError, RfclipError } from '../engine/errors.ts';
import { DEFAULT_RESIZE, prepareImage } from '../rfclip/model.ts';
import type { Segmentation } from '../rfclip/labelImage.ts';
import type { Segmenter } from '../rfclip/segmenter.ts';
import type { Console } from './console.ts';
import { describeFailure } from './failure.ts';
import { atomicWrite } from './pictures/atomicWrite.ts';
import { renderOverlay } from './pictures/overlay.ts';
import { vocPalette } from './pictures/palette.ts';
import { writeLabelPng, writeRgbPng } from './pictures/writePng.ts';

/** Pixels of one class in one image. */
export interface ClassShare {
  name: string;
  words: string[];
  label: number;
  pixels: number;
  share: number;
  /** Mean probability of the class over its pixels. */
  meanProbability: number;
}

/** What is known of one segmented image; written as JSON beside its pictures. */
export interface ImageReport {
  image: string;
  width: number;
  height: number;
  method: string;
  checkpoint: string;
  adapter: string;
  /** Classes that occur, largest first. */
  classes: ClassShare[];
  milliseconds: { decode: number; network: number; write: number };
  files: { label: string; overlay: string; report: string };
  notices: string[];
}

/** An image that could not be done. */
export interface ImageFailure {
  image: string;
  error: string;
  code: string;
}

/** Called after each image, with its label map, before it is forgotten. */
export type ImageVisitor = (report: ImageReport, segmentation: Segmentation) => void | Promise<void>;

/** Everything `segmentFiles` needs. */
export interface SegmentJob {
  segmenter: Segmenter;
  images: readonly string[];
  out: string;
  checkpoint: string;
  resize?: number;
  console: Console;
  visit?: ImageVisitor;
}

/**
 * Segments files one after another with one model and writes a label PNG, an overlay and a report for each. A file that
 * cannot be done is reported and the others go on.
 * The folder `out` must exist.
 * @throws DeviceError when the device failed, because then no later result could be trusted.
 */
export async function segmentFiles(job: SegmentJob): Promise<{ reports: ImageReport[]; failures: ImageFailure[] }> {
  const reports: ImageReport[] = [];
  const failures: ImageFailure[] = [];
  const stems = uniqueStems(job.images);
  const progress = job.console.progress('segmenting', job.images.length);
  try {
    for (const [index, image] of job.images.entries()) {
      try {
        const { report, segmentation } = await segmentFile(job, image, stems[index]);
        for (const notice of report.notices) job.console.note(`${image}: ${notice}`);
        await job.visit?.(report, segmentation);
        reports.push(report);
        progress.step(`${image}: ${summarize(report)}`);
      } catch (error) {
        if (error instanceof DeviceError && error.code !== 'RFCLIP-BUFFER-LIMIT') throw error;
        failures.push({ image, error: describeFailure(error), code: error instanceof RfclipError ? error.code : 'RFCLIP-UNEXPECTED' });
        progress.step(`${image}: failed`);
        job.console.failure(withName(image, describeFailure(error)));
      }
    }
  } finally {
    progress.stop();
  }
  return { reports, failures };
}

async function segmentFile(job: SegmentJob, path: string, stem: string): Promise<{ report: ImageReport; segmentation: Segmentation }> {
  const { segmenter, out } = job;
  const started = performance.now();
  const image: DecodedImage = await readImage(path);
  const decoded = performance.now();
  const input = prepareImage(image, [DEFAULT_RESIZE[0], job.resize ?? DEFAULT_RESIZE[1]]);
  const segmentation = await segmenter.segment(input, image.height, image.width);
  const labelled = performance.now();
  const files = { label: join(out, `${stem}.label.png`), overlay: join(out, `${stem}.overlay.png`), report: join(out, `${stem}.json`) };
  const names = segmenter.classes.classes.map((entry) => entry.name);
  const palette = vocPalette(names.length);
  const { labels } = segmentation;
  const labelMap = { width: image.width, height: image.height, data: labels };
  await writeLabelPng(files.label, names.length <= 256 ? Uint8Array.from(labels) : labels, image.width, image.height, palette);
  await writeRgbPng(files.overlay, renderOverlay(image, labelMap, palette, names));
  const report: ImageReport = {
    image: path,
    width: image.width,
    height: image.height,
    method: segmenter.method.name,
    checkpoint: job.checkpoint,
    adapter: segmenter.encoder.device.name,
    classes: classShares(segmenter, segmentation),
    milliseconds: { decode: round(decoded - started), network: round(labelled - decoded), write: round(performance.now() - labelled) },
    files,
    notices: image.notices,
  };
  await atomicWrite(files.report, `${JSON.stringify(report, null, 2)}\n`);
  return { report, segmentation };
}

/** Share and mean probability of every class that occurs, largest share first. */
export function classShares(segmenter: Segmenter, { labels, confidence }: Segmentation): ClassShare[] {
  const { classes } = segmenter.classes;
  const pixels = new Float64Array(classes.length);
  const sums = new Float64Array(classes.length);
  for (let i = 0; i < labels.length; i++) {
    pixels[labels[i]]++;
    sums[labels[i]] += confidence[i];
  }
  return classes
    .map(({ name, words }, label) => ({ name, words, label, pixels: pixels[label], share: pixels[label] / labels.length, meanProbability: pixels[label] > 0 ? sums[label] / pixels[label] : 0 }))
    .filter((entry) => entry.pixels > 0)
    .sort((a, b) => b.pixels - a.pixels);
}

/** `scene.jpg` gives `scene`; files of the same stem in different folders get `-2`, `-3`, ... */
export function uniqueStems(paths: readonly string[]): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const stem = basename(path).replace(/\.(png|jpe?g)$/i, '');
    let name = stem;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${stem}-${number}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

function summarize(report: ImageReport): string {
  const top = report.classes.slice(0, 3).map(({ name, share }) => `${name} ${(100 * share).toFixed(0)} %`);
  return `${top.join(', ')} (${report.milliseconds.network} ms)`;
}

function withName(image: string, message: string): string {
  return message.includes(image) ? message : `${image}: ${message}`;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
