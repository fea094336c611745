/** Operands of the oracle; Q queries of width D, N patches, one window. */
export interface HierarchicalPromptCase {
  /** [Q, D]. */
  text: ArrayLike<number>;
  /** [Q]. */
  cluster: ArrayLike<number>;
  /** [Q]. */
  globalSimilarity: ArrayLike<number>;
  /** [N, D]. */
  features: ArrayLike<number>;
  /** [N, Q]. */
  similarity: ArrayLike<number>;
  width: number;
  weight: number;
}

/**
 * In every cluster, the query with the largest global similarity (the first on ties) becomes
 * `normalise((1 - weight) text + weight normalise(mean of the features of its two most similar patches))`; the others
 * stay. One patch alone counts twice. A vector of length 0 is not divided. Source: `hierarchical_prompt` of the
 * published CASS and RF-CLIP.
 *
 * @returns [Q, D].
 */
export function hierarchicalPromptOracle({
  text,
  cluster,
  globalSimilarity,
  features,
  similarity,
  width,
  weight,
}: HierarchicalPromptCase): Float64Array {
  const queries = cluster.length;
  const patches = features.length / width;
  const result = Float64Array.from(text);
  for (const leader of clusterLeaders(cluster, globalSimilarity)) {
    const ranking = Array.from({ length: patches }, (_, patch) => patch);
    ranking.sort((a, b) => similarity[b * queries + leader] - similarity[a * queries + leader]);
    const [best, second = best] = ranking;
    const mean = normalise(
      Float64Array.from({ length: width }, (_, c) => 0.5 * (features[best * width + c] + features[second * width + c])),
    );
    result.set(
      normalise(mean.map((value, c) => (1 - weight) * text[leader * width + c] + weight * value)),
      leader * width,
    );
  }
  return result;
}

/** The query of each cluster with the largest global similarity, the first on ties. */
export function clusterLeaders(cluster: ArrayLike<number>, globalSimilarity: ArrayLike<number>): number[] {
  const leaders = new Map<number, number>();
  for (let query = 0; query < cluster.length; query++) {
    const leader = leaders.get(cluster[query]);
    if (leader === undefined || globalSimilarity[query] > globalSimilarity[leader]) leaders.set(cluster[query], query);
  }
  return [...leaders.values()];
}

function normalise(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
