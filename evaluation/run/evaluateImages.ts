import { isDeviceFailure, RfclipError } from '../../engine/errors.ts';
import { METHOD_MODULE_CODE } from '../../rfclip/methods/methodModule.ts';
import type { NetworkImage } from '../../rfclip/networkImage.ts';
import type { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';
import { type Confusion, storeConfusion } from '../../datasets/confusion.ts';
import type { GroundTruth } from '../../datasets/labels.ts';
import type { ImagePair } from '../../datasets/pairs.ts';
import type { JournalEntry } from './journal.ts';
import { handledLater } from '../../system/handledLater.ts';
import { prefetch } from '../../system/prefetch.ts';
import { predictAndCount, type Prediction } from '../prediction.ts';
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
  /** Images that the device has at a time: the second is recorded while the first runs. Default 1. */
  inFlight?: number;
  /** How many images like this may share a program; so many times more are in flight. Default 1. */
  together?: (input: NetworkImage) => number;
  /** Once aborted, the image in work is finished and no other begun. */
  signal?: AbortSignalLike;
  /** Gets every counted image before it is reported as done. */
  onCounted?: (image: CountedImage) => Promise<void>;
  /** Gets what a user should know about an image. */
  onNotice?: (notice: string) => void;
  onDone: (entry: JournalEntry) => void;
  onFailure: (failure: ImageFailure) => void;
}

/** An image from its files, or why there is none. */
type Loaded = { value: PreparedPair } | { error: unknown };

/** How the device left an image. */
type Outcome = SegmentedImage | ImageFailure;

interface SegmentedImage {
  pair: ImagePair;
  prepared: PreparedPair;
  prediction: Prediction;
  confusion: Confusion;
  milliseconds: number;
  waited: number;
}

/** Output pixels of an image beside which no other is in work, for the memory of both. */
const LARGE_PIXELS = 2 ** 23;

/** When the device had something to do. */
interface DeviceClock {
  working: number;
  /** End of the last image, in milliseconds. */
  ended?: number;
}

/**
 * Segments images in order and counts how predictions meet labels, at the labels' own size. Images are reported while
 * the device is busy with the next. An image that cannot be read or does not fit its label map is
 * handed to `onFailure`, and the others go on. Source: MMSegmentation's test loop (resize, predict, enlarge to the
 * original size, `IoUMetric`). Where the device is lost, the images that it had are done again on a new one.
 *
 * @returns whether all images were tried; false after `signal`
 * @throws DeviceError when the device failed, because then no later count could be trusted; what a user's method module
 *   fails with; whatever the callbacks throw; errors nobody foresaw
 */
export async function evaluateImages(job: EvaluationJob): Promise<boolean> {
  const clock: DeviceClock = { working: 0 };
  const inWork: Promise<Outcome>[] = [];
  let begun = 0;
  try {
    for await (const { item: pair, loaded, waited } of prefetch(job.pairs, job.ahead, (next) =>
      job.load(next, job.settings),
    )) {
      if (job.signal?.aborted === true) break;
      const isLarge = 'value' in loaded && loaded.value.width * loaded.value.height > LARGE_PIXELS;
      const most = isLarge ? 1 : (job.inFlight ?? 1) * togetherOf(job, loaded);
      while (isLarge && inWork.length > most) await report(job, await inWork.shift()!);
      const done = inWork.length >= most ? await inWork.shift() : undefined;
      inWork.push(handledLater(segmentPair(job, pair, loaded, waited, clock)));
      begun++;
      if (done !== undefined) await report(job, done);
    }
    while (inWork.length > 0) await report(job, await inWork.shift()!);
  } finally {
    // Whoever gets the error may close the device.
    await Promise.allSettled(inWork);
  }
  return begun === job.pairs.length;
}

function togetherOf({ together }: EvaluationJob, loaded: Loaded): number {
  if (together === undefined || 'error' in loaded) return 1;
  try {
    return together(loaded.value.input);
  } catch {
    // What is wrong with an image is told when it is segmented.
    return 1;
  }
}

async function segmentPair(
  { segmenter, onNotice }: EvaluationJob,
  pair: ImagePair,
  loaded: Loaded,
  waited: number,
  clock: DeviceClock,
): Promise<Outcome> {
  try {
    if ('error' in loaded) throw loaded.error;
    const { value: prepared } = loaded;
    const started = performance.now();
    const idle = clock.working > 0 ? 0 : clock.ended === undefined ? waited : started - clock.ended;
    clock.working++;
    try {
      const tell = (notice: string) => onNotice?.(`${pair.id}: ${notice}`);
      const counted = await predictAndCount(segmenter, prepared.input, prepared, prepared.truth.data, tell);
      const ended = performance.now();
      // Time that two images share counts for the first of them, so that all times add up to those of the run.
      const milliseconds = ended - Math.max(started, clock.ended ?? started);
      clock.ended = ended;
      return { pair, prepared, ...counted, milliseconds, waited: idle };
    } finally {
      clock.working--;
    }
  } catch (error) {
    // A tensor too large for the device is the image's fault; any other failure of the device is not.
    if (!(error instanceof RfclipError) || error.code === METHOD_MODULE_CODE) throw error;
    if (isDeviceFailure(error)) throw error;
    return { id: pair.id, problem: error.message };
  }
}

async function report(job: EvaluationJob, outcome: Outcome): Promise<void> {
  if ('problem' in outcome) return job.onFailure(outcome);
  const { pair, prepared, prediction, confusion, milliseconds, waited } = outcome;
  for (const notice of prepared.notices) job.onNotice?.(notice);
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
