import { join } from 'node:path';
import type { LabelMap, RgbImage } from '../clip/image/types.ts';
import type { ImageFacts, ImageVisit, MethodComparisonJob } from '../evaluation/methodComparison.ts';
import type { SavedFiles } from '../library/savedFiles.ts';
import type { SegmentationReport } from '../library/segmentationResult.ts';
import { writeLabelPng, writeRgbPng } from '../pictures/writePng.ts';
import { classPalette } from '../pictures/palette.ts';
import { backgroundClass } from '../rfclip/backgroundClass.ts';
import { METHOD_NAMES } from '../rfclip/methods/index.ts';
import { classShares, reportedShare } from '../rfclip/classShares.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { counted } from '../system/counted.ts';
import { tenths } from '../system/tenths.ts';
import { methodSheet } from './methodSheet.ts';

/** What is written of every image, and where. */
interface FilesJob extends Pick<MethodComparisonJob, 'classes' | 'model'> {
  out: string;
  /** Index of the class that is the background, where one was named. */
  background?: number;
}

/** An image before any method has run. */
interface VisitedImage extends ImageFacts {
  image: RgbImage;
  path: string;
  stem: string;
}

/** Paths of what `methodFiles` writes for an image. */
export function comparisonOutputs(out: string, stem: string): string[] {
  const labels = METHOD_NAMES.map((name) => join(out, `${stem}.${name}.label.png`));
  return [...labels, ...sharedFiles(out, stem)];
}

function sharedFiles(out: string, stem: string): [sheet: string, report: string] {
  return [join(out, `${stem}.methods.png`), join(out, `${stem}.methods.json`)];
}

/**
 * Writes a label PNG of every method for an image, a contact sheet of all, and a report.
 * @param onDone gets what is known of the image by each method, once all files are written
 */
export function methodFiles(
  { classes, model, background = backgroundClass(classes), out }: FilesJob,
  { image, path, stem, truth, notices, milliseconds: decode }: VisitedImage,
  onDone: (report: SegmentationReport) => void,
): ImageVisit {
  const names = classes.classes.map((entry) => entry.name);
  const palette = classPalette(names.length, background);
  const { width, height } = image;
  const [picture, summary] = sharedFiles(out, stem);
  const maps: { name: string; labels: LabelMap; mIoU?: number | null }[] = [];
  const reports: SegmentationReport[] = [];
  return {
    async method(name, segmentation, milliseconds, mIoU) {
      const { labels } = segmentation;
      const files: SavedFiles = { label: join(out, `${stem}.${name}.label.png`), overlay: picture, report: summary };
      const started = performance.now();
      await writeLabelPng(files.label, labels, width, height, palette);
      maps.push({ name, labels: { width, height, data: labels }, mIoU });
      reports.push({
        image: path,
        width,
        height,
        method: name,
        checkpoint: model.file.path,
        adapter: model.device.name,
        precision: model.device.products.precision,
        classes: classShares(classes, segmentation).map(reportedShare),
        milliseconds: {
          decode: tenths(decode),
          network: tenths(milliseconds),
          write: tenths(performance.now() - started),
        },
        peakBufferBytes: model.device.pool.statistics.peakBytes,
        files,
        notices: [...notices],
      });
    },
    async done() {
      await writeRgbPng(picture, methodSheet({ title: path, image, truth, maps, names, palette }));
      const methods = Object.fromEntries(
        reports.map((report) => [
          report.method,
          { milliseconds: report.milliseconds.network, classes: report.classes },
        ]),
      );
      await atomicWrite(summary, `${JSON.stringify({ image: path, methods }, null, 2)}\n`);
      reports.forEach(onDone);
      return `${counted(maps.length, 'method')} -> ${picture}`;
    },
  };
}
