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
