import { ShapeError } from '../../engine/errors.ts';
import { classesAboveArea, countLabels } from '../../rfclip/postprocess.ts';

/** Float64 result of the postprocessing; K classes, P pixels. */
export interface PostprocessResult {
  /** [K, P]: the largest softmax probability among the class's queries; they do not add up to 1. */
  probabilities: Float64Array;
  /** [P]. */
  labels: Int32Array;
  /** [P]: largest minus second largest class probability, to tell which labels rounding may change. */
  margins: Float64Array;
}

/**
 * Float64 oracle: softmax over ALL queries of scale * logits, per class the maximum over its queries, argmax (first on
 * ties), and class 0 where the winning probability is below the threshold.
 * Source: RF-CLIP, `custom_segmentor.py`, `postprocess_result`.
 *
 * @param logits [Q, P].
 * @param queryToClass [Q], classes without gaps from 0.
 */
export function postprocessOracle(
  logits: ArrayLike<number>,
  queryToClass: ArrayLike<number>,
  scale: number,
  probabilityThreshold: number,
): PostprocessResult {
  const queries = queryToClass.length;
  const pixels = logits.length / queries;
  const classes = Math.max(...Array.from(queryToClass)) + 1;
  const probabilities = new Float64Array(classes * pixels);
  const labels = new Int32Array(pixels);
  const margins = new Float64Array(pixels);
  const weights = new Float64Array(queries);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let largest = -Infinity;
    for (let query = 0; query < queries; query++) largest = Math.max(largest, scale * logits[query * pixels + pixel]);
    let sum = 0;
    for (let query = 0; query < queries; query++) {
      weights[query] = Math.exp(scale * logits[query * pixels + pixel] - largest);
      sum += weights[query];
    }
    for (let query = 0; query < queries; query++) {
      const at = queryToClass[query] * pixels + pixel;
      probabilities[at] = Math.max(probabilities[at], weights[query] / sum);
    }
    let best = 0;
    let runnerUp = -Infinity;
    for (let label = 1; label < classes; label++) {
      const probability = probabilities[label * pixels + pixel];
      if (probability > probabilities[best * pixels + pixel]) {
        runnerUp = probabilities[best * pixels + pixel];
        best = label;
      } else if (probability > runnerUp) runnerUp = probability;
    }
    const winner = probabilities[best * pixels + pixel];
    labels[pixel] = winner < probabilityThreshold ? 0 : best;
    margins[pixel] = winner - runnerUp;
  }
  return { probabilities, labels, margins };
}

/**
 * SCLIP's area threshold as a whole: takes the classes that are too small out of the race, so their pixels go to the
 * best class that is LEFT at that pixel (which need not be background); then the probability threshold.
 *
 * A label map alone is not enough for that. Where probabilities stay on the device, do the same in three steps there:
 * argmax without thresholds, `classesAboveArea(countLabels(...))` here, argmax again with the kept classes only.
 *
 * @param probabilities [K, P], one plane per class, not negative; the planes of dropped classes are set to 0.
 * @param labels [P], the argmax of `probabilities`; overwritten by the new labels.
 * @param areaThreshold the published `area_thd`, a share from 0 to 1.
 * @param probabilityThreshold pixels whose largest kept probability is below it become class 0.
 * @returns uint8 [K]: which classes were kept.
 * @throws ShapeError if there is not one plane of P values per class; RfclipError (`RFCLIP-AREA`) for the threshold.
 */
export function zeroSmallClasses(
  probabilities: Float32Array | Float64Array,
  labels: Uint8Array | Uint16Array | Int32Array | Uint32Array,
  classCount: number,
  areaThreshold: number,
  probabilityThreshold: number,
): Uint8Array {
  const pixels = labels.length;
  if (probabilities.length !== classCount * pixels) {
    throw new ShapeError(
      `There are ${probabilities.length} probabilities for ${classCount} classes and ${pixels} pixels, expected ` +
        `${classCount * pixels}.`,
      'zeroSmallClasses',
    );
  }
  const kept = classesAboveArea(countLabels(labels, classCount), areaThreshold);
  for (let label = 0; label < classCount; label++) {
    if (kept[label] === 0) probabilities.fill(0, label * pixels, (label + 1) * pixels);
  }
  for (let pixel = 0; pixel < pixels; pixel++) {
    let best = 0;
    for (let label = 1; label < classCount; label++) {
      if (probabilities[label * pixels + pixel] > probabilities[best * pixels + pixel]) best = label;
    }
    labels[pixel] = probabilities[best * pixels + pixel] < probabilityThreshold ? 0 : best;
  }
  return kept;
}
