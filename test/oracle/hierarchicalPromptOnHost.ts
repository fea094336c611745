import { RfclipError, ShapeError } from '../../engine/errors.ts';

/** Below this a norm counts as this, as in PyTorch's `F.normalize`. */
const smallestNorm = 1e-12;

/**
 * What the hierarchical prompt adjustment works on. A query is one word, synonyms included; the published code calls it
 * a class.
 *
 * The pieces are apart because of where their data are. The leaders need only the global similarities, Q numbers, and
 * for windows these belong to the WHOLE image: one small read-back per image, not per window. The nearest patches and
 * the adjusted rows need the window's patch features and can stay on the device, given the leaders (C integers).
 */
export interface HierarchicalPromptInput {
  /** float32 [Q, D], rows L2-normalised. */
  textFeatures: Float32Array;
  /** int32 [Q]: group of every query, 0 to C-1, from `clusterTextFeatures`. */
  clusters: Int32Array;
  /** float32 [Q]: cosine of the image's CLS feature with every (unadjusted) text feature. */
  globalSimilarity: Float32Array;
  /**
   * float32 [N, D]: the window's patch features, rows L2-normalised by the caller as in the published
   * `forward_feature`.
   */
  patchFeatures: Float32Array;
  /** D. */
  width: number;
  /** The published `mean_vector_weight`, 0 to 1: share of the patches' mean in the adjusted feature. */
  meanVectorWeight: number;
}

/**
 * Picks in every cluster the query most similar to the whole image, the first one on ties.
 * Source: RF-CLIP and CASS, `_get_most_similar_class`.
 *
 * @param clusters int32 [Q], every number from 0 to C-1 at least once.
 * @param globalSimilarity float32 [Q].
 * @returns int32 [C]: query index of each cluster's leader. A NaN similarity never wins against a number.
 * @throws ShapeError if the lengths differ; RfclipError (`RFCLIP-CLUSTERING`) if a cluster number has no member.
 */
export function pickClusterLeaders(clusters: Int32Array, globalSimilarity: Float32Array): Int32Array {
  if (clusters.length !== globalSimilarity.length) {
    throw new ShapeError(
      `There are ${clusters.length} cluster numbers and ${globalSimilarity.length} global similarities, expected as ` +
        `many.`,
      'pickClusterLeaders',
    );
  }
  const leaders = new Int32Array(clusters.reduce((most, cluster) => Math.max(most, cluster), -1) + 1).fill(-1);
  clusters.forEach((cluster, query) => {
    if (cluster < 0)
      throw new RfclipError(`Query ${query} has the cluster number ${cluster}, expected at least 0.`, {
        code: 'RFCLIP-CLUSTERING',
        where: 'clusters',
      });
    const leader = leaders[cluster];
    if (leader < 0 || globalSimilarity[query] > globalSimilarity[leader] || Number.isNaN(globalSimilarity[leader]))
      leaders[cluster] = query;
  });
  const missing = leaders.indexOf(-1);
  if (missing >= 0)
    throw new RfclipError(`Cluster ${missing} has no member, expected numbers without gaps.`, {
      code: 'RFCLIP-CLUSTERING',
      where: 'clusters',
    });
  return leaders;
}

/**
 * The mean of the (up to) two patch features with the largest cosine to one text feature, not yet normalised. The
 * cosine decides; the mean is of the features as they are. On ties the earlier patch is taken (PyTorch's `topk` leaves
 * that open). Source: RF-CLIP and CASS, `_compute_topk_similarities` and `hierarchical_prompt`.
 *
 * @param patchFeatures float32 [N, D], N at least 1.
 * @param textFeature float32 [D].
 * @returns float64 [D].
 * @throws ShapeError if there is no patch feature or the width does not divide their number of values.
 */
export function topTwoMean(patchFeatures: Float32Array, textFeature: Float32Array): Float64Array {
  const width = textFeature.length;
  const patches = patchFeatures.length / width;
  if (patches < 1 || !Number.isInteger(patches)) {
    throw new ShapeError(
      `The patch features have ${patchFeatures.length} values, expected a positive multiple of the width ${width}.`,
      'topTwoMean',
    );
  }
  let best = -1;
  let second = -1;
  let bestCosine = -Infinity;
  let secondCosine = -Infinity;
  for (let patch = 0; patch < patches; patch++) {
    let product = 0;
    let square = 0;
    for (let k = 0; k < width; k++) {
      const value = patchFeatures[patch * width + k];
      product += value * textFeature[k];
      square += value * value;
    }
    const cosine = product / Math.max(Math.sqrt(square), smallestNorm);
    if (best < 0 || cosine > bestCosine) {
      second = best;
      secondCosine = bestCosine;
      best = patch;
      bestCosine = cosine;
    } else if (second < 0 || cosine > secondCosine) {
      second = patch;
      secondCosine = cosine;
    }
  }
  const chosen = [best, second].filter((patch) => patch >= 0);
  const mean = new Float64Array(width);
  for (const patch of chosen) {
    for (let k = 0; k < width; k++) mean[k] += patchFeatures[patch * width + k] / chosen.length;
  }
  return mean;
}

/**
 * Moves the leaders' text features towards what they look like in this window:
 * `normalise((1 - w) normalise(t) + w normalise(mean of its 2 nearest patches))`; all other rows are copied unchanged.
 * Source: RF-CLIP and CASS, `hierarchical_prompt` and `_compute_adjusted_embedding`; float64 inside, float32 out.
 *
 * @param leaders int32 [C], from `pickClusterLeaders`.
 * @returns float32 [Q, D], a new array.
 * @throws ShapeError if an array's length does not fit the width or a leader is no row.
 */
export function adjustTextFeatures(
  textFeatures: Float32Array,
  leaders: Int32Array,
  patchFeatures: Float32Array,
  width: number,
  meanVectorWeight: number,
): Float32Array {
  if (textFeatures.length % width !== 0) {
    throw new ShapeError(
      `The text features have ${textFeatures.length} values, expected a multiple of the width ${width}.`,
      'adjustTextFeatures',
    );
  }
  const adjusted = textFeatures.slice();
  for (const query of leaders) {
    const row = textFeatures.subarray(query * width, (query + 1) * width);
    if (query < 0 || row.length !== width)
      throw new ShapeError(
        `There is no text feature ${query}, expected rows 0 to ${textFeatures.length / width - 1}.`,
        'adjustTextFeatures',
      );
    const text = normalise(Float64Array.from(row));
    const mean = normalise(topTwoMean(patchFeatures, row));
    adjusted.set(
      normalise(text.map((value, k) => (1 - meanVectorWeight) * value + meanVectorWeight * mean[k])),
      query * width,
    );
  }
  return adjusted;
}

/**
 * The whole adjustment for one window: leaders, then their rows. Cost: C * N * D multiply-adds.
 *
 * @returns float32 [Q, D].
 * @throws ShapeError, RfclipError as the pieces do.
 */
export function adjustForWindow(input: HierarchicalPromptInput): Float32Array {
  const leaders = pickClusterLeaders(input.clusters, input.globalSimilarity);
  return adjustTextFeatures(input.textFeatures, leaders, input.patchFeatures, input.width, input.meanVectorWeight);
}

/** Divides a vector by its L2 norm, in place. */
function normalise(vector: Float64Array): Float64Array {
  let square = 0;
  for (const value of vector) square += value * value;
  const norm = Math.max(Math.sqrt(square), smallestNorm);
  for (let k = 0; k < vector.length; k++) vector[k] /= norm;
  return vector;
}
