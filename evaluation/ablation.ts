import type { ImageLimits } from '../clip/image/limits.ts';
import {
  addConfusion,
  type Confusion,
  countPixels,
  emptyConfusion,
  restoreConfusion,
  type StoredConfusion,
  storeConfusion,
} from '../datasets/confusion.ts';
import type { GroundTruth } from '../datasets/labels.ts';
import { areasOf, metricsOf } from '../datasets/metrics.ts';
import type { ImagePair } from '../datasets/pairs.ts';
import { RfclipError } from '../engine/errors.ts';
import { ABLATION_ROWS, ablationEncoder, type AblationRow } from '../rfclip/ablation.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import type { Method } from '../rfclip/methods/index.ts';
import { METHOD_MODULE_CODE } from '../rfclip/methods/methodModule.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import type { Settings } from '../rfclip/settings.ts';
import { checkWords } from '../rfclip/textFeatures.ts';
import type { Reporter } from '../system/reporter.ts';
import { tenths } from '../system/tenths.ts';
import { EvaluationError } from './evaluationError.ts';
import { forEachImage, type ImageFailure } from './forEachImage.ts';
import { type PairSettings, prepareImage, type PreparedImage, preparePair } from './loading/preparePair.ts';
import { predictLabels } from './prediction.ts';
import { watchForMasks } from './run/binaryMasks.ts';
import type { Journal } from './run/journal.ts';

/** What to run the ablation on. */
export interface AblationJob {
  model: ClipModel;
  classes: ClassList;
  /** An empty `label` stands for an image without one. */
  pairs: readonly ImagePair[];
  /** Of all rows. */
  settings: Settings;
  /** Default: all of the paper's. */
  rows?: readonly AblationRow[];
  /** A method that is compared with the rows, as the last one; default: none. */
  method?: Method;
  /** How label files are read; default: as they are. */
  labels?: Pick<PairSettings, 'reduceZeroLabel' | 'labelMap' | 'ignoreExif'>;
  /** How large images and label maps may be. */
  limits?: ImageLimits;
  /** Holds what was counted before, and gets what is counted; default: nothing is kept. */
  journal?: Pick<Journal<AblationEntry>, 'entries' | 'append'>;
  reporter: Reporter;
}

/** What all rows made of one image: a line of the journal. */
export interface AblationEntry {
  id: string;
  pixels: number;
  /** In the order of the rows. */
  rows: {
    milliseconds: number;
    /** Pixels with the label that the first row gives. */
    equal: number;
    confusion: StoredConfusion;
  }[];
}

/** What came out for one configuration. */
export interface AblationOutcome {
  name: string;
  /** From 0 to 1, over the images that have labels; absent where none has. */
  mIoU?: number | null;
  mAcc?: number | null;
  aAcc?: number | null;
  /** Share of pixels with the label that the first row gives. */
  agreement: number;
  /** Mean over the images that succeeded, in tenths. */
  milliseconds: number;
  /** Exact counts over all images. */
  confusion: Confusion;
}

/** A row and what runs it. */
interface RowRun {
  name: string;
  segmenter: SegmentationPipeline;
}

/** The names of the rows, in their order. */
function ablationRowNames({ rows = ABLATION_ROWS, method }: AblationJob): string[] {
  return [...rows.map(({ name }) => name), ...(method === undefined ? [] : [`method ${method.name}`])];
}

/**
 * Runs every row of the paper's ablation over every image that the journal does not hold. An image that fails is
 * reported and counts nowhere, and the others go on.
 * @returns one outcome per row; none where no image succeeded
 * @throws RfclipError when nobody knows the checkpoint's distraction dimensions, or for a journal with other images or
 *   rows; ClassListError as `ClipModel.encodeWords`; DeviceError when the device failed
 */
export async function runAblation(
  job: AblationJob,
): Promise<{ rows: AblationOutcome[]; failures: ImageFailure[]; counted: number }> {
  const { pairs, reporter, journal } = job;
  const entries = [...(journal?.entries ?? [])];
  checkEntries(entries, job);
  const done = new Set(entries.map(({ id }) => id));
  const pending = pairs.filter(({ id }) => !done.has(id));
  if (done.size > 0) reporter.note(`${done.size} of ${pairs.length} images were done before`);
  // What is wrong with the checkpoint or the words shows even where nothing is left to do.
  const runs = await openRows(job);
  try {
    const pairOf = new Map(pending.map((pair) => [pair.image, pair]));
    const watch = watchForMasks(pending.length, (line) => reporter.note(line));
    const failures = await forEachImage(
      pending.map(({ image }) => image),
      reporter,
      async (path) => {
        const entry = await runRows(runs, pairOf.get(path)!, job, watch);
        journal?.append(entry);
        entries.push(entry);
        return `${runs.length} rows`;
      },
      (error) =>
        error instanceof EvaluationError || (error instanceof RfclipError && error.code === METHOD_MODULE_CODE),
    );
    const labelled = pairs.some(({ label }) => label !== '');
    return { rows: entries.length === 0 ? [] : sumRows(entries, job, labelled), failures, counted: entries.length };
  } finally {
    for (const { segmenter } of runs) segmenter.dispose();
  }
}

function checkEntries(entries: readonly AblationEntry[], job: AblationJob): void {
  const known = new Set(job.pairs.map(({ id }) => id));
  const rows = ablationRowNames(job).length;
  const stranger = entries.find((entry) => !known.has(entry.id) || entry.rows?.length !== rows);
  if (stranger !== undefined)
    throw new EvaluationError(`the journal has ${stranger.id}, which is no image of this ablation`, stranger.id, {
      fix: 'choose another folder',
    });
}

function sumRows(entries: readonly AblationEntry[], job: AblationJob, labelled: boolean): AblationOutcome[] {
  const sum = (value: (entry: AblationEntry) => number) => entries.reduce((total, entry) => total + value(entry), 0);
  const pixels = sum((entry) => entry.pixels);
  return ablationRowNames(job).map((name, k) => {
    const confusion = emptyConfusion(job.classes.classes.length);
    for (const { id, rows } of entries) addConfusion(confusion, restoreConfusion(rows[k].confusion, id));
    const { mIoU, mAcc, aAcc } = metricsOf(areasOf(confusion));
    return {
      name,
      ...(labelled ? { mIoU, mAcc, aAcc } : {}),
      agreement: sum(({ rows }) => rows[k].equal) / pixels,
      milliseconds: tenths(sum(({ rows }) => rows[k].milliseconds) / entries.length),
      confusion,
    };
  });
}

/**
 * Looks whether an ablation can run, before anything is made that a refusal would leave behind.
 * @returns the checkpoint's distraction dimensions
 * @throws RfclipError, ClassListError as `runAblation`
 */
export function checkAblation({ model, classes, settings, method }: AblationJob): readonly number[] {
  const dimensions = model.distractionDimensions;
  if (dimensions === undefined)
    throw new RfclipError(
      `checkpoint ${model.file.path} has no known distraction dimensions, which the ablation is about`,
      { code: 'RFCLIP-NOT-CALIBRATED' },
    );
  if (method !== undefined) model.denseEncoder(method, settings);
  checkWords(classes.queries, model.config.text);
  return dimensions;
}

async function openRows(job: AblationJob): Promise<RowRun[]> {
  const { model, classes, settings, rows = ABLATION_ROWS, method } = job;
  const dimensions = checkAblation(job);
  const textFeatures = await model.encodeWords(classes.queries);
  const parts = { classes, textFeatures, settings };
  const runs: Promise<SegmentationPipeline>[] = rows.map((row) =>
    model.pipeline(parts, () => ablationEncoder(row, dimensions)),
  );
  if (method !== undefined) runs.push(model.segmenter(classes, method, settings, textFeatures));
  const segmenters = await Promise.all(runs);
  return ablationRowNames(job).map((name, k) => ({ name, segmenter: segmenters[k] }));
}

/** Runs all rows on one image. */
async function runRows(
  runs: readonly RowRun[],
  pair: ImagePair,
  job: AblationJob,
  watch: (truth: GroundTruth) => void,
): Promise<AblationEntry> {
  const image = await readPair(pair, job);
  for (const notice of image.notices) job.reporter.note(`note: ${notice}`);
  if (image.truth !== undefined) watch(image.truth);
  let first: Uint8Array | Uint16Array | undefined;
  const rows: AblationEntry['rows'] = [];
  const tell = (notice: string) => job.reporter.note(`note: ${pair.id}: ${notice}`);
  for (const run of runs) {
    const started = performance.now();
    const { labels } = await predictLabels(run.segmenter, image.input, image, tell);
    const milliseconds = tenths(performance.now() - started);
    first ??= labels;
    let equal = 0;
    for (let i = 0; i < labels.length; i++) if (labels[i] === first[i]) equal++;
    const confusion = emptyConfusion(job.classes.classes.length);
    if (image.truth !== undefined) countPixels(confusion, labels, image.truth.data);
    rows.push({ milliseconds, equal, confusion: storeConfusion(confusion) });
  }
  return { id: pair.id, pixels: image.width * image.height, rows };
}

function readPair(
  pair: ImagePair,
  { model: { leastSide }, settings: { resize }, labels, limits }: AblationJob,
): Promise<PreparedImage & { truth?: GroundTruth }> {
  const settings = { resize, leastSide, reduceZeroLabel: false, ...labels, ...limits };
  return pair.label === '' ? prepareImage(pair.image, settings) : preparePair(pair, settings);
}
