import * as z from 'zod';
import { hierarchicalPrompt } from '../../engine/ops/hierarchicalPrompt.ts';
import { labelPixels } from '../../engine/ops/labelPixels.ts';
import { matmul } from '../../engine/ops/matmul.ts';
import { clusterTextFeatures, completeLinkage, cosineDistances, type Merge } from '../../rfclip/clustering.ts';
import { refineMasks } from '../../rfclip/pamr.ts';
import { planWindows } from '../../rfclip/slidingWindow.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import type { Tolerance } from '../comparison/compare.ts';
import { checkValues, ConformanceError, parametersOf } from '../reading/manifest.ts';
import type { RecordedTensor } from '../reading/referenceFiles.ts';
import { type CaseContext, evaluate } from './casePart.ts';
import { channelsFirst, channelsLast } from './layouts.ts';

/** Windows of one image in `slide_boxes.json`; far more than any recorded. */
const MAXIMUM_WINDOWS = 10000;

/** Cluster numbers in order of first appearance: equal for equal partitions. */
function canonical(clusters: ArrayLike<number>): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(clusters, (cluster) => {
    if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
    return numbers.get(cluster)!;
  });
}

/**
 * Distances, tree and partitions of class names.
 * @throws ConformanceError, CheckpointError when the case is damaged.
 */
export function runClustering(checks: CaseChecks): void {
  const { h_thresholds: thresholds } = parametersOf(
    checks.reference,
    z.object({ h_thresholds: z.array(z.number().nonnegative()) }),
  );
  const { values, shape } = matrix(checks.input('query_features'), 'query_features');
  const [count, width] = shape;
  const distances = cosineDistances(values, count, width);
  checks.compare('distances', distances);
  const tolerance: Tolerance = {
    kind: 'absolute',
    value: checks.records('distances') ? checks.tolerance('distances').value : 2e-6,
  };
  checks.compare('linkage', linkageTable(completeLinkage(distances, count), count), tolerance);
  thresholds.forEach((threshold, index) => {
    checks.compareForm(
      `clusters_${index}`,
      `partition at ${threshold}`,
      clusterTextFeatures(values, count, width, threshold),
      canonical,
    );
  });
}

/**
 * scipy's form of a tree: per merge, by height, the two clusters (leaves 0..n-1, then merges), the height and the size.
 */
function linkageTable(merges: readonly Merge[], count: number): number[] {
  const clusterOf = Array.from({ length: count }, (_, item) => item);
  const members = new Map(clusterOf.map((item) => [item, [item]]));
  const table: number[] = [];
  [...merges]
    .sort((first, second) => first.height - second.height)
    .forEach(({ a, b, height }, index) => {
      const [low, high] = [clusterOf[a], clusterOf[b]].sort((first, second) => first - second);
      const merged = [...members.get(low)!, ...members.get(high)!];
      for (const item of merged) clusterOf[item] = count + index;
      members.set(count + index, merged);
      table.push(low, high, height, merged.length);
    });
  return table;
}

/** The adjusted text features, by the kernel. @throws as `runClustering`; DeviceError. */
export async function runHierarchicalPrompt(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const schema = z.object({
    h_threshold: z.number().nonnegative(),
    mean_vector_weight: z.number(),
    clusters: z.array(z.number()).optional(),
  });
  const {
    h_threshold: threshold,
    mean_vector_weight: weight,
    clusters: recorded,
  } = parametersOf(checks.reference, schema);
  const text = matrix(checks.input('query_features'), 'query_features');
  const patches = matrix(checks.input('image_features'), 'image_features');
  const global = checks.input('image_class_similarities');
  const [queries, width] = text.shape;
  const [count] = patches.shape;
  const clusters = clusterTextFeatures(text.values, queries, width, threshold);
  if (recorded !== undefined) checks.value('partition', clusters, canonical(recorded));
  const { adjusted } = await evaluate(device, () => {
    const words = device.tensor(text.values, text.shape); // [Q, E]
    const features = device.tensor(patches.values, [1, count, width]); // [1, N, E]
    return {
      adjusted: hierarchicalPrompt({
        text: words,
        cluster: device.tensor(clusters, [queries], 'u32'),
        globalSimilarity: device.tensor(global.values, [1, queries]),
        features,
        similarity: matmul(features, words, { transposeB: true }),
        weight,
      }).text,
    };
  });
  checks.compare('adjusted', adjusted);
}

/** Window boxes of many image sizes. @throws ConformanceError when the table is damaged. */
export function runSlideBoxes(checks: CaseChecks, { files }: CaseContext): void {
  const { file } = parametersOf(checks.reference, z.object({ file: z.string() }));
  const side = z.number().int().min(1).max(65536);
  const row = z.object({
    h: side,
    w: side,
    stride: side,
    crop: side,
    boxes_y1x1y2x2: z.array(z.array(z.number())).max(MAXIMUM_WINDOWS),
  });
  const table = checkValues(files.json('segmentor', file), z.array(row).min(1), file);
  for (const { h, w, crop, stride, boxes_y1x1y2x2: boxes } of table) {
    const windows = (length: number) => Math.ceil(Math.max(length - crop, 0) / stride) + 1;
    if (windows(h) * windows(w) > MAXIMUM_WINDOWS)
      throw new ConformanceError(
        `${file}: an image of ${h}x${w} pixels has ${windows(h) * windows(w)} windows, expected at most ` +
          `${MAXIMUM_WINDOWS}`,
      );
    checks.same(
      `boxes of ${h}x${w}, ${crop}/${stride}`,
      planWindows(h, w, crop, stride).map(({ y1, x1, y2, x2 }) => [y1, x1, y2, x2]),
      boxes,
    );
  }
}

/** Mask refinement; recorded channels first. @throws as `runHierarchicalPrompt`. */
export async function runPamr(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const schema = z.object({
    num_iter: z.number().int().min(0).max(1000),
    dilations: z.array(z.number().int().min(1)).min(1).max(8),
  });
  const { num_iter: steps, dilations } = parametersOf(checks.reference, schema);
  const image = planes(checks.input('image'), 'image');
  const mask = planes(checks.input('mask'), 'mask');
  const { refined } = await evaluate(device, () => {
    const pixels = device.tensor(channelsLast(image.values, image.shape[0]), [
      image.shape[1],
      image.shape[2],
      image.shape[0],
    ]);
    const logits = device.tensor(channelsLast(mask.values, mask.shape[0]), [
      mask.shape[1],
      mask.shape[2],
      mask.shape[0],
    ]);
    return { refined: refineMasks(pixels, [logits], { pamrSteps: steps, pamrDilations: dilations })[0] };
  });
  checks.compare('out', channelsFirst(refined, mask.shape[0]));
}

/** From logits to probabilities and labels. @throws as `runHierarchicalPrompt`. */
export async function runPostprocess(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const schema = z.object({
    logit_scale: z.number(),
    prob_thd: z.number(),
    query_idx: z.array(z.number().int().min(0).max(65534)).min(1),
  });
  const { logit_scale: logitScale, prob_thd: threshold, query_idx: classOf } = parametersOf(checks.reference, schema);
  if (classOf.some((label, query) => query > 0 && label < classOf[query - 1]))
    throw new ConformanceError('parameters: query_idx decreases, expected classes one after the other');
  const logits = planes(checks.input('logits'), 'logits');
  const [queries] = logits.shape;
  const classes = classOf[classOf.length - 1] + 1;
  const values = await evaluate(device, () => {
    const pixels = device.tensor(channelsLast(logits.values, queries), [logits.values.length / queries, queries]);
    const { labels, probabilities } = labelPixels(pixels, device.tensor(classOf, [classOf.length], 'u32'), {
      classes,
      scale: logitScale,
      threshold,
      withProbabilities: true,
    });
    return { labels, probabilities: probabilities! };
  });
  checks.compare('probabilities', channelsFirst(values.probabilities, classes));
  checks.compare('labels', values.labels);
}

function matrix(tensor: RecordedTensor, role: string): RecordedTensor {
  if (tensor.shape.length !== 2 || tensor.values.length === 0)
    throw new ConformanceError(`the input ${role} is [${tensor.shape.join(', ')}], expected a matrix`);
  return tensor;
}

function planes(tensor: RecordedTensor, role: string): RecordedTensor {
  if (tensor.shape.length !== 3 || tensor.values.length === 0)
    throw new ConformanceError(`the input ${role} is [${tensor.shape.join(', ')}], expected [channels, height, width]`);
  return tensor;
}
