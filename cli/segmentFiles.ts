import { join } from 'node:path';
import { RfclipError } from '../engine/errors.ts';
import type { ImageFailure } from '../evaluation/forEachImage.ts';
import type { SegmentationReport, SegmentationResult } from '../library/segmentationResult.ts';
import type { Segmenter } from '../library/segmenter.ts';
import { describeFailure } from '../system/describeFailure.ts';
import { uniqueStems } from '../system/uniqueStems.ts';
import type { Console } from './console.ts';
import { readStandardInput, STANDARD_INPUT } from './imageArguments.ts';

/** Names for the results of pictures, which are paths or standard input; no two alike. */
export function stemsOf(images: readonly string[]): string[] {
  return uniqueStems(images.map((path) => (path === STANDARD_INPUT ? 'stdin' : path)));
}

function nameOf(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : path;
}

/** The picture, under the name that it has in messages. */
async function standardInput(): Promise<File> {
  return new File([await readStandardInput()], nameOf(STANDARD_INPUT));
}

/** Everything `segmentFiles` needs. */
export interface SegmentJob {
  segmenter: Segmenter;
  /** Paths; `-` is standard input. */
  images: readonly string[];
  /** How large a picture may be. */
  maxMegapixels?: number;
  /** Also replace files that rfclip did not make. */
  overwrite?: boolean;
  /** Also write a mask for each class. */
  masks?: boolean;
  /** Folder of the results; must exist. */
  out: string;
  console: Console;
  /** Called after each image, before it is forgotten. */
  visit?: (result: SegmentationResult) => void | Promise<void>;
  /** Told after each image whose files are written. */
  onSaved?: (report: SegmentationReport) => void;
}

/**
 * Segments files one after another and saves a label PNG, an overlay and a report for each. A file that cannot be done
 * is reported and the others go on.
 * @throws DeviceError when the device failed, because then no later result could be trusted.
 */
export async function segmentFiles(
  job: SegmentJob,
): Promise<{ reports: SegmentationReport[]; failures: ImageFailure[] }> {
  const { segmenter, images, maxMegapixels, overwrite, masks, console } = job;
  const stems = stemsOf(images);
  const inputs = await Promise.all(images.map((path) => (path === STANDARD_INPUT ? standardInput() : path)));
  const reports: SegmentationReport[] = [];
  const failures: ImageFailure[] = [];
  const progress = console.progress('segmenting', images.length);
  let index = 0;
  const onError = (error: unknown) => {
    const image = nameOf(images[index++]);
    const sentence = describeFailure(error);
    failures.push({ image, error: sentence, code: error instanceof RfclipError ? error.code : 'RFCLIP-UNEXPECTED' });
    progress.step(`${image}: failed`);
    console.failure(sentence.includes(image) ? sentence : `${image}: ${sentence}`);
  };
  try {
    for await (const result of segmenter.segmentMany(inputs, { onError, maxMegapixels })) {
      let report: SegmentationReport;
      try {
        await result.save(join(job.out, stems[index]), { overwrite, masks });
        report = result.toJSON();
        const name = nameOf(images[index]);
        for (const notice of report.notices) console.note(notice.includes(name) ? notice : `${name}: ${notice}`);
        await job.visit?.(result);
        reports.push(report);
        progress.step(`${name}: ${summarize(report)}`);
      } catch (error) {
        onError(error);
        continue;
      }
      index++;
      job.onSaved?.(report);
    }
  } finally {
    progress.stop();
  }
  return { reports, failures };
}

function summarize({ classes, milliseconds }: SegmentationReport): string {
  const top = classes.slice(0, 3).map(({ name, share }) => `${name} ${(100 * share).toFixed(0)} %`);
  return `${top.join(', ')} (${milliseconds.network} ms)`;
}
