import type { ImageLimits } from '../clip/image/limits.ts';
import { readPicture } from '../clip/image/readPicture.ts';
import { addConfusion, type Confusion, countPixels, emptyConfusion } from '../datasets/confusion.ts';
import { checkSameSize, readGroundTruth } from '../datasets/labels.ts';
import { areasOf, metricsOf } from '../datasets/metrics.ts';
import type { ImagePair } from '../datasets/pairs.ts';
import { RfclipError } from '../engine/errors.ts';
import { ABLATION_ROWS, ablationEncoder } from '../rfclip/ablation.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import { networkSize, stretchNotices } from '../rfclip/prepareImage.ts';
import { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import type { Settings } from '../rfclip/settings.ts';
import type { Reporter } from '../system/reporter.ts';
import { tenths } from '../system/tenths.ts';
import { predictLabels } from './prediction.ts';
import { forEachImage, type ImageFailure } from './forEachImage.ts';

/** What to run the ablation on. */
export interface AblationJob {
  model: ClipModel;
  classes: ClassList;
  /** An empty `label` stands for an image without one. */
  pairs: readonly ImagePair[];
  /** Of all rows. */
  settings: Settings;
  /** How large images and label maps may be. */
  limits?: ImageLimits;
  reporter: Reporter;
}

/** What came out for one configuration. */
export interface AblationOutcome {
  name: string;
  /** From 0 to 1, over the images that have labels; absent where none has. */
  mIoU?: number | null;
  aAcc?: number | null;
  /** Share of pixels with the label that the first row gives. */
  agreement: number;
  /** Mean over the images that succeeded, in tenths. */
  milliseconds: number;
}

/** What a row has gathered. */
interface RowRun {
  name: string;
  segmenter: SegmentationPipeline;
  confusion: Confusion;
  milliseconds: number;
  equal: number;
}

/**
 * Runs every row of the paper's ablation over every image. An image that fails is reported and counts nowhere, and the
 * others go on.
 * @returns one outcome per row; none where no image succeeded
 * @throws RfclipError when nobody knows the checkpoint's distraction dimensions; ClassListError as
 *   `ClipModel.encodeWords`; DeviceError when the device failed
 */
export async function runAblation(job: AblationJob): Promise<{ rows: AblationOutcome[]; failures: ImageFailure[] }> {
  const { pairs, reporter } = job;
  const runs = await openRows(job);
  let [pixels, images] = [0, 0];
  const labelOf = new Map(pairs.map(({ image, label }) => [image, label]));
  const failures = await forEachImage(
    pairs.map(({ image }) => image),
    reporter,
    async (path) => {
      pixels += await runRows(runs, path, labelOf.get(path), job);
      images++;
      return `${runs.length} rows`;
    },
  );
  const labelled = pairs.some(({ label }) => label !== '');
  const rows = (images === 0 ? [] : runs).map(({ name, confusion, milliseconds, equal }) => {
    const { mIoU, aAcc } = metricsOf(areasOf(confusion));
    return {
      name,
      ...(labelled ? { mIoU, aAcc } : {}),
      agreement: equal / pixels,
      milliseconds: tenths(milliseconds / images),
    };
  });
  return { rows, failures };
}

async function openRows({ model, classes, settings }: AblationJob): Promise<RowRun[]> {
  const dimensions = model.distractionDimensions;
  if (dimensions === undefined)
    throw new RfclipError(
      `checkpoint ${model.file.path} has no known distraction dimensions, which the ablation is about`,
      { code: 'RFCLIP-NOT-CALIBRATED' },
    );
  const textFeatures = await model.encodeWords(classes.queries);
  return ABLATION_ROWS.map((row) => ({
    name: row.name,
    segmenter: new SegmentationPipeline({
      encoder: model.imageEncoder,
      method: ablationEncoder(row, dimensions),
      classes,
      textFeatures,
      settings,
    }),
    confusion: emptyConfusion(classes.classes.length),
    milliseconds: 0,
    equal: 0,
  }));
}

/** Runs all rows on one image; returns its number of pixels. */
async function runRows(
  runs: readonly RowRun[],
  path: string,
  label: string | undefined,
  { model: { leastSide }, settings: { resize }, limits, reporter }: AblationJob,
): Promise<number> {
  const image = await readPicture(path, path, {
    resizeTo: (width, height) => networkSize(width, height, resize, leastSide),
    shown: false,
    ...limits,
  });
  const input = image.resized;
  const stretched = stretchNotices(image.width, image.height, resize, leastSide);
  for (const notice of [...image.notices, ...stretched.map((one) => `${path}: ${one}`)])
    reporter.note(`note: ${notice}`);
  const truth =
    label === undefined || label === ''
      ? undefined
      : await readGroundTruth(label, { reduceZeroLabel: false, ...limits });
  if (truth !== undefined)
    checkSameSize(
      { name: path, width: image.width, height: image.height },
      { name: label!, width: truth.width, height: truth.height },
    );
  let first: Uint8Array | Uint16Array | undefined;
  const counts: (() => void)[] = [];
  for (const run of runs) {
    const started = performance.now();
    const { labels } = await predictLabels(run.segmenter, input, image);
    const milliseconds = performance.now() - started;
    first ??= labels;
    let equal = 0;
    for (let i = 0; i < labels.length; i++) if (labels[i] === first[i]) equal++;
    const confusion = emptyConfusion(run.confusion.classes);
    if (truth !== undefined) countPixels(confusion, labels, truth.data);
    counts.push(() => {
      run.milliseconds += milliseconds;
      run.equal += equal;
      addConfusion(run.confusion, confusion);
    });
  }
  for (const count of counts) count();
  return image.width * image.height;
}
