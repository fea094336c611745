import { DeviceError, RfclipError } from '../../engine/errors.ts';
import type { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';
import { countPixels, emptyConfusion, storeConfusion } from '../../datasets/confusion.ts';
import type { GroundTruth } from '../../datasets/labels.ts';
import type { ImagePair } from '../../datasets/pairs.ts';
import type { JournalEntry } from './journal.ts';
import { prefetch } from '../../system/prefetch.ts';
import { predictLabels, type Prediction } from '../prediction.ts';
import type { PairLoader, PairSettings, PreparedPair } from '../loading/preparePair.ts';
import type { ImageFailure } from './selection.ts';
import type { AbortSignalLike } from '../../system/abortSignal.ts';

/** An image that was segmented and counted. */
export interface CountedImage {
  pair: ImagePair;
  /** At the size of the image file, which is that of `truth`. */
  prediction: Prediction;
  truth: GroundTruth;
  entry: JournalEntry;
}

/** Everything `evaluateImages` needs. */
export interface EvaluationJob {
  segmenter: SegmentationPipeline;
  pairs: readonly ImagePair[];
  settings: PairSettings;
  load: PairLoader;
  /** Images that are on their way while one is segmented, at least 1. */
  ahead: number;
  /** Once aborted, the image in work is finished and no other begun. */
  signal?: AbortSignalLike;
  /** Gets every counted image before it is reported as done. */
  onCounted?: (image: CountedImage) => Promise<void>;
  /** Gets what a user should know about an image that was counted. */
  onNotice?: (notice: string) => void;
  onDone: (entry: JournalEntry) => void;
  onFailure: (failure: ImageFailure) => void;
}

/** How the device left an image. */
type Outcome =
  | {
      pair: ImagePair;
      prepared: PreparedPair;
      prediction: Prediction;
      milliseconds: number;
      waited: number;
      ended: number;
    }
  | ImageFailure;

/**
 * Segments images one after another and counts how predictions meet labels, at the labels' own size. Pixels are counted
 * and reported while the device is busy with the next image. An image that cannot be read or does not fit its label map
 * is handed to `onFailure`, and the others go on. Source: MMSegmentation's test loop (resize, predict, enlarge to the
 * original size, `IoUMetric`).
 *
 * @returns whether all images were tried; false after `signal`
 * @throws DeviceError when the device failed, because then no later count could be trusted; whatever the callbacks
 *   throw; errors nobody foresaw
 */
export async function evaluateImages(job: EvaluationJob): Promise<boolean> {
  let before: Outcome | undefined;
  let tried = 0;
  for await (const { item: pair, loaded, waited } of prefetch(job.pairs, job.ahead, (next) =>
    job.load(next, job.settings),
  )) {
    if (job.signal?.aborted === true) break;
    const [now, reported] = await Promise.allSettled([
      segmentPair(job, pair, loaded, waited),
      before === undefined ? undefined : report(job, before),
    ]);
    if (reported.status === 'rejected') throw reported.reason;
    if (now.status === 'rejected') throw now.reason;
    before = now.value;
    // The device has been idle since then if the image before took longer to report.
    if ('ended' in before) before.waited += performance.now() - before.ended;
    tried++;
  }
  if (before !== undefined) await report(job, before);
  return tried === job.pairs.length;
}

async function segmentPair(
  { segmenter }: EvaluationJob,
  pair: ImagePair,
  loaded: { value: PreparedPair } | { error: unknown },
  waited: number,
): Promise<Outcome> {
  try {
    if ('error' in loaded) throw loaded.error;
    const { value: prepared } = loaded;
    const started = performance.now();
    const prediction = await predictLabels(segmenter, prepared.input, prepared);
    const ended = performance.now();
    return { pair, prepared, prediction, milliseconds: ended - started, waited, ended };
  } catch (error) {
    // A tensor too large for the device is the image's fault; any other failure of the device is not.
    if (!(error instanceof RfclipError) || (error instanceof DeviceError && error.code !== 'RFCLIP-BUFFER-LIMIT'))
      throw error;
    return { id: pair.id, problem: error.message };
  }
}

async function report(job: EvaluationJob, outcome: Outcome): Promise<void> {
  if ('problem' in outcome) return job.onFailure(outcome);
  const { pair, prepared, prediction, milliseconds, waited } = outcome;
  for (const notice of prepared.notices) job.onNotice?.(notice);
  const confusion = emptyConfusion(job.segmenter.classes.classes.length);
  countPixels(confusion, prediction.labels, prepared.truth.data);
  const entry = {
    id: pair.id,
    milliseconds: tenths(milliseconds),
    waited: tenths(waited),
    confusion: storeConfusion(confusion),
  };
  await job.onCounted?.({ pair, prediction, truth: prepared.truth, entry });
  job.onDone(entry);
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
