import { readImage } from '../../clip/image/readImage.ts';
import { DeviceError, RfclipError } from '../../engine/errors.ts';
import type { Segmentation } from '../../rfclip/labelImage.ts';
import { prepareImage } from '../../rfclip/model.ts';
import type { NormalisedImage, Segmenter } from '../../rfclip/segmenter.ts';
import { countPixels, emptyConfusion, storeConfusion } from '../confusion.ts';
import { checkSameSize, type GroundTruth, readGroundTruth } from '../labels.ts';
import type { ImagePair } from '../pairs.ts';
import type { JournalEntry } from './journal.ts';
import { prefetch } from './prefetch.ts';
import type { ImageFailure } from './selection.ts';

/** Everything `evaluateImages` needs. */
export interface EvaluationJob {
  segmenter: Segmenter;
  pairs: readonly ImagePair[];
  /** Bounds of the network's image size in pixels: long side, short side. */
  resize: readonly [number, number];
  reduceZeroLabel: boolean;
  /** Once aborted, the image in work is finished and no other begun. */
  signal?: AbortSignal;
  /** Gets every label map, at the size of the image file, before its image is reported as done. */
  onPrediction?: (pair: ImagePair, prediction: Segmentation) => Promise<void>;
  onDone: (entry: JournalEntry) => void;
  onFailure: (failure: ImageFailure) => void;
}

/** An image ready for the network, with its labels. */
interface PreparedPair {
  input: NormalisedImage;
  width: number;
  height: number;
  truth: GroundTruth;
}

/** Images that are read, decoded and resized while the device works. */
const AHEAD = 2;

/**
 * Segments images one after another and counts how predictions meet labels, at the labels' own size. An image that cannot
 * be read or does not fit its label map is handed to `onFailure`, and the others go on.
 * Source: MMSegmentation's test loop (resize, predict, enlarge to the original size, `IoUMetric`).
 *
 * @returns whether all images were tried; false after `signal`
 * @throws DeviceError when the device failed, because then no later count could be trusted; whatever the callbacks throw;
 *   errors nobody foresaw
 */
export async function evaluateImages(job: EvaluationJob): Promise<boolean> {
  for await (const { item: pair, loaded, waited } of prefetch(job.pairs, AHEAD, (next) => preparePair(next, job))) {
    if (job.signal?.aborted === true) return false;
    const counted = await attempt(async () => {
      if ('error' in loaded) throw loaded.error;
      return countImage(job, pair, loaded.value, waited);
    });
    if ('problem' in counted) job.onFailure({ id: pair.id, problem: counted.problem });
    else {
      await job.onPrediction?.(pair, counted.prediction);
      job.onDone(counted.entry);
    }
  }
  return true;
}

async function preparePair(pair: ImagePair, { resize, reduceZeroLabel }: EvaluationJob): Promise<PreparedPair> {
  const image = await readImage(pair.image);
  const truth = await readGroundTruth(pair.label, { reduceZeroLabel });
  checkSameSize({ name: pair.image, width: image.width, height: image.height }, { name: pair.label, width: truth.width, height: truth.height });
  return { input: prepareImage(image, resize), width: image.width, height: image.height, truth };
}

async function countImage({ segmenter }: EvaluationJob, { id }: ImagePair, { input, width, height, truth }: PreparedPair, waited: number): Promise<{ entry: JournalEntry; prediction: Segmentation }> {
  const started = performance.now();
  const prediction = await segmenter.segment(input, height, width);
  const milliseconds = performance.now() - started;
  const confusion = emptyConfusion(segmenter.classes.classes.length);
  countPixels(confusion, prediction.labels, truth.data);
  return { prediction, entry: { id, milliseconds: tenths(milliseconds), waited: tenths(waited), confusion: storeConfusion(confusion) } };
}

/** A tensor too large for the device is the image's fault; any other failure of the device is not. */
async function attempt<Value extends object>(work: () => Promise<Value>): Promise<Value | { problem: string }> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RfclipError) || (error instanceof DeviceError && error.code !== 'RFCLIP-BUFFER-LIMIT')) throw error;
    return { problem: error.message };
  }
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
