import { join } from 'node:path';
import type { DecodedImage } from '../clip/image/types.ts';
import { readImage } from '../clip/image/readImage.ts';
import { prepareImage } from '../rfclip/prepareImage.ts';
import type { Segmentation } from '../rfclip/labelImage.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import type { Console } from './console.ts';
import { forEachImage, type ImageFailure } from './forEachImage.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { renderOverlay } from '../pictures/overlay.ts';
import { vocPalette } from '../pictures/palette.ts';
import { writeLabelPng, writeRgbPng } from '../pictures/writePng.ts';

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
  /** Most bytes of device buffers alive at once so far, weights included. */
  peakBufferBytes: number;
  files: { label: string; overlay: string; report: string };
  notices: string[];
}

/** Called after each image, with its label map, before it is forgotten. */
export type ImageVisitor = (report: ImageReport, segmentation: Segmentation) => void | Promise<void>;

/** Everything `segmentFiles` needs. */
export interface SegmentJob {
  segmenter: SegmentationPipeline;
  /** Its name, for reports. */
  method: string;
  images: readonly string[];
  out: string;
  checkpoint: string;
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
  const failures = await forEachImage(job.images, job.console, async (image, stem) => {
    const { report, segmentation } = await segmentFile(job, image, stem);
    for (const notice of report.notices) job.console.note(`${image}: ${notice}`);
    await job.visit?.(report, segmentation);
    reports.push(report);
    return summarize(report);
  });
  return { reports, failures };
}

async function segmentFile(
  job: SegmentJob,
  path: string,
  stem: string,
): Promise<{ report: ImageReport; segmentation: Segmentation }> {
  const { segmenter, out } = job;
  const started = performance.now();
  const image: DecodedImage = await readImage(path);
  const decoded = performance.now();
  const input = prepareImage(image, segmenter.settings.resize);
  const segmentation = await segmenter.segment(input, image.height, image.width);
  const labelled = performance.now();
  const files = {
    label: join(out, `${stem}.label.png`),
    overlay: join(out, `${stem}.overlay.png`),
    report: join(out, `${stem}.json`),
  };
  const names = segmenter.classes.classes.map((entry) => entry.name);
  const palette = vocPalette(names.length);
  const { labels } = segmentation;
  const labelMap = { width: image.width, height: image.height, data: labels };
  await writeLabelPng(
    files.label,
    names.length <= 256 ? Uint8Array.from(labels) : labels,
    image.width,
    image.height,
    palette,
  );
  await writeRgbPng(files.overlay, renderOverlay(image, labelMap, palette, names));
  const report: ImageReport = {
    image: path,
    width: image.width,
    height: image.height,
    method: job.method,
    checkpoint: job.checkpoint,
    adapter: segmenter.encoder.device.name,
    classes: classShares(segmenter, segmentation),
    milliseconds: {
      decode: round(decoded - started),
      network: round(labelled - decoded),
      write: round(performance.now() - labelled),
    },
    peakBufferBytes: segmenter.encoder.device.pool.statistics.peakBytes,
    files,
    notices: image.notices,
  };
  await atomicWrite(files.report, `${JSON.stringify(report, null, 2)}\n`);
  return { report, segmentation };
}

/** Share and mean probability of every class that occurs, largest share first. */
export function classShares(segmenter: SegmentationPipeline, { labels, confidence }: Segmentation): ClassShare[] {
  const { classes } = segmenter.classes;
  const pixels = new Float64Array(classes.length);
  const sums = new Float64Array(classes.length);
  for (let i = 0; i < labels.length; i++) {
    pixels[labels[i]]++;
    sums[labels[i]] += confidence[i];
  }
  return classes
    .map(({ name, words }, label) => ({
      name,
      words,
      label,
      pixels: pixels[label],
      share: pixels[label] / labels.length,
      meanProbability: pixels[label] > 0 ? sums[label] / pixels[label] : 0,
    }))
    .filter((entry) => entry.pixels > 0)
    .sort((a, b) => b.pixels - a.pixels);
}

function summarize(report: ImageReport): string {
  const top = report.classes.slice(0, 3).map(({ name, share }) => `${name} ${(100 * share).toFixed(0)} %`);
  return `${top.join(', ')} (${report.milliseconds.network} ms)`;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
