import * as z from 'zod';
import { parseClassesFile } from '../../rfclip/classes.ts';
import type { LabelOutputs, Segmentation } from '../../rfclip/labelImage.ts';
import {
  type DenseEncoder,
  makeNaclip,
  makeRfclip,
  NACLIP_DEFAULTS,
  RFCLIP_DEFAULTS,
  makeSclip,
} from '../../rfclip/methods/index.ts';
import type { NormalisedImage } from '../../rfclip/prepareImage.ts';
import { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../rfclip/settings.ts';
import type { WindowBox } from '../../rfclip/slidingWindow.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { ConformanceError, parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import { type CaseContext, type CasePart, evaluate, wholeCase } from './casePart.ts';
import { channelsFirst, cropPlanes, everyThird } from './layouts.ts';
import { uploadImage } from '../../rfclip/networkImage.ts';
import { recordedImage } from './recordedImage.ts';
import { runClustering, runHierarchicalPrompt, runPamr, runPostprocess, runSlideBoxes } from './segmentorUnits.ts';

/**
 * Cases of the folder `segmentor`: the published pipeline end to end, and its parts.
 * @returns undefined for a case it does not know.
 */
export function segmentorCase(reference: ReferenceCase): CasePart[] | undefined {
  const [kind] = reference.name.split('/');
  const runs: Record<string, CasePart['run']> = {
    text_features: runTextFeatures,
    clustering: runClustering,
    hierarchical_prompt: runHierarchicalPrompt,
    forward_feature: runForwardFeature,
    predict: runPredict,
    slide_boxes: runSlideBoxes,
    pamr: runPamr,
    postprocess: runPostprocess,
  };
  const run = Object.hasOwn(runs, kind) ? runs[kind] : undefined;
  return run === undefined ? undefined : wholeCase(reference, run);
}

const classFile = z.object({ checkpoint: z.string(), class_file: z.string() });

async function runTextFeatures(checks: CaseChecks, { files, models }: CaseContext): Promise<void> {
  const schema = classFile.extend({
    query_words: z.array(z.string()).optional(),
    query_idx: z.array(z.number()).optional(),
  });
  const {
    checkpoint,
    class_file: file,
    query_words: words,
    query_idx: classes,
  } = parametersOf(checks.reference, schema);
  const { queries, queryToClass } = parseClassesFile(files.text('segmentor', file), file);
  if (words !== undefined) checks.same('query_words', queries, words);
  if (classes !== undefined) checks.value('query_idx', queryToClass, classes);
  checks.compare('query_features', await models.wordFeatures(checkpoint, queries));
}

const share = z.number().min(0).max(1);
const pixels = z.number().int().min(0).max(65536);

const semantics = {
  h_threshold: z.number().nonnegative().optional(),
  mean_vector_weight: share.optional(),
  global_semantics_weight: share.optional(),
};

const featureParameters = classFile.extend({
  ...semantics,
  crop_yxyx: z.tuple([pixels, pixels, pixels, pixels]).nullable(),
  whole_image: z.boolean(),
});

const predictParameters = classFile.extend({
  ...semantics,
  original_hw: z.tuple([pixels.min(1), pixels.min(1)]),
  dataset: z.string().nullish(),
  pamr_steps: z.number().int().min(0).max(1000),
  pamr_stride: z.array(z.number().int().min(1)).min(1).max(8).optional(),
  prob_thd: z.number(),
  area_thd: share.optional(),
  slide_crop: pixels,
  slide_stride: pixels.optional(),
  logit_scale: z.number().positive().default(40),
});

/** What the parameters say of the image feature's use; nothing for methods that use none. */
function semanticsOf(given: z.infer<typeof predictParameters> | z.infer<typeof featureParameters>): Partial<Settings> {
  const {
    h_threshold: clusterThreshold,
    mean_vector_weight: meanVectorWeight,
    global_semantics_weight: globalWeight,
  } = given;
  if (clusterThreshold === undefined || meanVectorWeight === undefined || globalWeight === undefined) return {};
  return { clusterThreshold, meanVectorWeight, globalWeight };
}

/** A segmenter whose windows are given: the reference cuts one window at a place that no plan would. */
class GivenWindow extends SegmentationPipeline {
  box: WindowBox | undefined;

  override plan(image: { height: number; width: number }): WindowBox[] {
    return this.box === undefined ? super.plan(image) : [this.box];
  }
}

async function runForwardFeature(checks: CaseChecks, context: CaseContext): Promise<void> {
  const given = parametersOf(checks.reference, featureParameters);
  const image = recordedImage(checks);
  const [top, left, bottom, right] = given.crop_yxyx ?? [0, 0, image.height, image.width];
  if (top >= bottom || left >= right || bottom > image.height || right > image.width)
    throw new ConformanceError(`parameters: crop_yxyx is outside of the image of ${image.height}x${image.width}`);
  const settings: Settings = {
    ...structuredClone(DEFAULT_SETTINGS),
    // With the whole image's feature, the window matters only in that there is one.
    window: given.whole_image ? bottom - top : 0,
    stride: bottom - top,
    ...semanticsOf(given),
  };
  const method = releasedRfclip(context, given.checkpoint);
  const { logits } = await segment(
    checks,
    context,
    { ...given, method, settings, image, size: [image.height, image.width], outputs: { logits: true } },
    { y1: top, x1: left, y2: bottom, x2: right },
  );
  const window = cropPlanes(
    channelsFirst(logits!, logits!.length / (image.height * image.width)),
    image.height,
    image.width,
    [top, left, bottom, right],
  );
  checks.compare('logits', window);
  checks.compare('logits_every_3rd', everyThird(window, bottom - top, right - left));
  const { images } = context.models.model(given.checkpoint);
  const { device } = context;
  const features = await evaluate(device, () => {
    const data = cropPlanes(image.data, image.height, image.width, [top, left, bottom, right]);
    const crop = uploadImage(device, { data, height: bottom - top, width: right - left });
    const { patches, cls } = method.encode(images, crop);
    return { patches, cls };
  });
  checks.compare('dense', features.patches);
  checks.compare('cls', features.cls);
}

function releasedRfclip({ models }: CaseContext, checkpoint: string): DenseEncoder {
  return makeRfclip({
    ...RFCLIP_DEFAULTS,
    distractionDimensions: models.distractionDimensions(models.model(checkpoint)),
  });
}

/** The settings that a case `predict/...` was recorded with. @throws ConformanceError when it is none. */
export function recordedSettings(reference: ReferenceCase): Settings {
  const given = parametersOf(reference, predictParameters);
  return {
    ...structuredClone(DEFAULT_SETTINGS),
    window: given.slide_crop,
    stride: given.slide_stride ?? given.slide_crop,
    logitScale: given.logit_scale,
    probabilityThreshold: given.prob_thd,
    ...semanticsOf(given),
    // The release recomputes the image feature per window for Cityscapes only.
    globalPerWindow: given.dataset === 'city_scapes',
    pamrSteps: given.pamr_steps,
    ...(given.pamr_stride === undefined ? {} : { pamrDilations: given.pamr_stride }),
    areaThreshold: given.area_thd ?? null,
  };
}

async function runPredict(checks: CaseChecks, context: CaseContext): Promise<void> {
  const given = parametersOf(checks.reference, predictParameters);
  const image = recordedImage(checks);
  const [height, width] = given.original_hw;
  if (checks.output('labels').shape.join('x') !== `${height}x${width}`)
    throw new ConformanceError(`parameters: original_hw is ${height}x${width}, the recorded labels are not`);
  const isNaclip = checks.reference.function.startsWith('NACLIP');
  const method = isNaclip
    ? makeNaclip(NACLIP_DEFAULTS)
    : checks.reference.function.startsWith('SCLIP')
      ? makeSclip()
      : releasedRfclip(context, given.checkpoint);
  const result = await segment(checks, context, {
    ...given,
    method,
    settings: recordedSettings(checks.reference),
    image,
    size: [height, width],
    outputs: { logits: true, probabilities: true },
  });
  const logits = channelsFirst(result.logits!, result.logits!.length / (image.height * image.width)); // [Q, h, w]
  checks.compare('slide_logits', logits);
  checks.compare('slide_logits_every_3rd', everyThird(logits, image.height, image.width));
  checks.compare('labels', result.labels);
  const classes = result.probabilities!.length / (height * width);
  if (isNaclip) renormalise(result.probabilities!, classes);
  const probabilities = channelsFirst(result.probabilities!, classes); // [K, H, W]
  checks.compare('probabilities', probabilities);
  checks.compare('probabilities_every_3rd', everyThird(probabilities, height, width));
}

interface SegmentRequest {
  checkpoint: string;
  class_file: string;
  method: DenseEncoder;
  settings: Settings;
  image: NormalisedImage;
  size: [height: number, width: number];
  outputs: LabelOutputs;
}

async function segment(
  checks: CaseChecks,
  { files, models }: CaseContext,
  request: SegmentRequest,
  box?: WindowBox,
): Promise<Segmentation> {
  const classes = parseClassesFile(files.text('segmentor', request.class_file), request.class_file);
  const recorded = checks.reference.parameters.query_words;
  if (Array.isArray(recorded)) checks.same('query_words', classes.queries, recorded);
  const { images } = models.model(request.checkpoint);
  const textFeatures = await models.wordFeatures(request.checkpoint, classes.queries);
  const segmenter = new GivenWindow({
    encoder: images,
    method: request.method,
    classes,
    textFeatures,
    settings: request.settings,
  });
  segmenter.box = box;
  try {
    return await segmenter.segment(request.image, ...request.size, request.outputs);
  } finally {
    segmenter.dispose();
  }
}

/**
 * NACLIP's last step, which changes probabilities but no label: each pixel's sum to 1 over classes. In place, [pixels,
 * K].
 */
function renormalise(probabilities: Float32Array, classes: number): void {
  for (let at = 0; at < probabilities.length; at += classes) {
    const pixel = probabilities.subarray(at, at + classes);
    const sum = pixel.reduce((total, value) => total + value, 0);
    if (sum > 0) for (let k = 0; k < classes; k++) pixel[k] /= sum;
  }
}
