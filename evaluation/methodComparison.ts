import type { ImageLimits } from '../clip/image/limits.ts';
import { readImage } from '../clip/image/readImage.ts';
import type { RgbImage } from '../clip/image/types.ts';
import { addConfusion, type Confusion, countPixels, emptyConfusion } from '../datasets/confusion.ts';
import type { GroundTruth } from '../datasets/labels.ts';
import { readMaskBeside } from '../datasets/maskBeside.ts';
import { areasOf, metricsOf } from '../datasets/metrics.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { Segmentation } from '../rfclip/labelImage.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import { type Method, METHODS } from '../rfclip/methods/index.ts';
import { resizeForNetwork, stretchNotices } from '../rfclip/prepareImage.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import type { Settings } from '../rfclip/settings.ts';
import type { Reporter } from '../system/reporter.ts';
import { tenths } from '../system/tenths.ts';
import { ownMetrics } from './results/imageScore.ts';
import { forEachImage, type ImageFailure } from './forEachImage.ts';

/** What is known of an image before any method has run. */
export interface ImageFacts {
  /** Its mask, where it has one and masks are looked at. */
  truth: GroundTruth | undefined;
  /** Sentences about what was made of it. */
  notices: readonly string[];
  /** Of reading and decoding it. */
  milliseconds: number;
}

/** What is done with the results of one image. */
export interface ImageVisit {
  /**
   * Gets a method's result before the next method runs.
   * @param mIoU the image's own, from 0 to 1; null where its mask labels nothing, undefined where it has none
   */
  method(name: string, segmentation: Segmentation, milliseconds: number, mIoU?: number | null): Promise<void>;
  /** Comes after the last method. Resolves with what to report of the image. */
  done(): Promise<string>;
}

/** Everything `compareMethods` needs. */
export interface MethodComparisonJob {
  model: ClipModel;
  classes: ClassList;
  settingsOf: (method: Method) => Settings;
  /** Paths. */
  images: readonly string[];
  /** Also compare with the mask `NAME.mask.png` beside an image, where there is one. Default false. */
  masks?: boolean;
  reporter: Reporter;
  /** How large images may be. */
  limits?: ImageLimits;
  /** Called for every image; `stem` is a name for its files that no other image has. */
  visit: (image: RgbImage, path: string, stem: string, facts: ImageFacts) => ImageVisit;
}

/** What is known of a method after all images. */
export interface MethodRow {
  method: string;
  /**
   * Mean over the images that succeeded, in tenths. The first of several is left out, because kernels are compiled in
   * it; the time of a single one contains the compilation of all kernels that no method before this one had used.
   */
  milliseconds: number;
  /** That time divided by plain CLIP's; of a single image, compilation is in both. */
  cost: number;
  /** Share of pixels with the label that the first method gives. */
  agreement: number;
  /** Over the images with a mask beside them, where these are looked at. */
  mIoU?: number;
}

interface MethodRun {
  name: string;
  segmenter: SegmentationPipeline;
  /** One for every image that succeeded. */
  outcomes: MethodOutcome[];
  confusion?: Confusion;
}

/** What a method did with one image. */
interface MethodOutcome {
  milliseconds: number;
  /** Pixels with the label that the first method gives. */
  equal: number;
  confusion?: Confusion;
}

/**
 * Runs every method over every image. Methods that cannot run with what there is are named in a note; an image that
 * fails is reported and counts nowhere, and the others go on.
 * @returns one row per method; none where no image succeeded
 * @throws DeviceError when the device failed; ClassListError as `ClipModel.encodeWords`
 */
export async function compareMethods(
  job: MethodComparisonJob,
): Promise<{ rows: MethodRow[]; failures: ImageFailure[] }> {
  const { model, classes, reporter } = job;
  const textFeatures = await model.encodeWords(classes.queries);
  const runs: MethodRun[] = [];
  for (const method of METHODS) {
    const lack = model.lackOf(method);
    if (lack === undefined) {
      const segmenter = await model.segmenter(classes, method, job.settingsOf(method), textFeatures);
      runs.push({ name: method.name, segmenter, outcomes: [] });
    } else reporter.note(`note: ${method.name} is left out, because ${lack}`);
  }
  let pixels = 0;
  const failures = await forEachImage(job.images, reporter, async (path, stem) => {
    const started = performance.now();
    const { notices: faults, ...image } = await readImage(path, job.limits);
    const milliseconds = performance.now() - started;
    for (const notice of faults) reporter.note(`note: ${notice}`);
    const { resize } = runs[0].segmenter.settings;
    const stretched = stretchNotices(image.width, image.height, resize, model.leastSide);
    const tell = (notice: string) => reporter.note(`note: ${path}: ${notice}`);
    stretched.forEach(tell);
    const truth = job.masks === true ? await readMaskBeside(path, image) : undefined;
    const visit = job.visit(image, path, stem, { truth, notices: [...faults, ...stretched], milliseconds });
    const outcomes = await runMethods(runs, { image, truth, leastSide: model.leastSide, tell }, visit);
    const summary = await visit.done();
    runs.forEach((run, index) => count(run, outcomes[index]));
    pixels += image.width * image.height;
    return summary;
  });
  return { rows: pixels === 0 ? [] : methodRows(runs, pixels), failures };
}

interface ComparedImage {
  image: RgbImage;
  truth: GroundTruth | undefined;
  /** Pixels that a side of the network's image must have at least. */
  leastSide: number;
  /** Gets what a user should know about how it went. */
  tell: (notice: string) => void;
}

async function runMethods(
  runs: readonly MethodRun[],
  { image, truth, leastSide, tell }: ComparedImage,
  visit: ImageVisit,
): Promise<MethodOutcome[]> {
  const outcomes: MethodOutcome[] = [];
  let first: Uint16Array | undefined;
  for (const { name, segmenter } of runs) {
    const input = resizeForNetwork(image, segmenter.settings.resize, leastSide);
    const started = performance.now();
    const segmentation = await segmenter.segment(input, image.height, image.width, { onNotice: tell });
    const milliseconds = performance.now() - started;
    const { labels } = segmentation;
    first ??= labels;
    const equal = labels.reduce((sum, label, i) => sum + (label === first![i] ? 1 : 0), 0);
    const confusion = truth === undefined ? undefined : emptyConfusion(segmenter.classes.classes.length);
    if (confusion !== undefined) countPixels(confusion, labels, truth!.data);
    outcomes.push({ milliseconds, equal, confusion });
    const mIoU = confusion === undefined ? undefined : ownMetrics(confusion).mIoU;
    await visit.method(name, segmentation, milliseconds, mIoU);
  }
  return outcomes;
}

function count(run: MethodRun, outcome: MethodOutcome): void {
  const { confusion } = outcome;
  run.outcomes.push(outcome);
  if (confusion !== undefined && run.confusion !== undefined) addConfusion(run.confusion, confusion);
  else run.confusion ??= confusion;
}

function methodRows(runs: readonly MethodRun[], pixels: number): MethodRow[] {
  const mean = ({ outcomes }: MethodRun) => {
    const warm = outcomes.length > 1 ? outcomes.slice(1) : outcomes;
    return warm.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / warm.length;
  };
  const plain = runs.find(({ name }) => name === 'clip')!;
  return runs.map((run) => {
    const { name, outcomes, confusion } = run;
    return {
      method: name,
      milliseconds: tenths(mean(run)),
      cost: mean(run) / mean(plain),
      agreement: outcomes.reduce((sum, { equal }) => sum + equal, 0) / pixels,
      ...(confusion === undefined ? {} : { mIoU: metricsOf(areasOf(confusion)).mIoU ?? undefined }),
    };
  });
}
