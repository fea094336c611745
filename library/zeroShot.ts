import type { ClassList } from '../rfclip/classes.ts';

/** How probable a class is for a whole image. */
export interface ClassScore {
  readonly name: string;
  /** Softmax over the classes, 0 to 1. */
  readonly score: number;
}

/**
 * CLIP's zero-shot classification: softmax over classes of `scale * cosine`, where a class has the cosine of the word
 * that is nearest to the image.
 * Source: Radford et al. 2021, figure 3; taking the best word is this project's rule for synonyms.
 *
 * @param image [E], of length 1
 * @param texts [queries, E], rows of length 1
 * @returns a score per class, the largest first
 */
export function classScores(image: Float32Array, texts: Float32Array, list: ClassList, scale: number): ClassScore[] {
  const E = image.length;
  const best = new Float64Array(list.classes.length).fill(-Infinity);
  list.queryToClass.forEach((label, query) => {
    let cosine = 0;
    for (let k = 0; k < E; k++) cosine += image[k] * texts[query * E + k];
    best[label] = Math.max(best[label], scale * cosine);
  });
  const largest = best.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const exponentials = best.map((logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return list.classes
    .map(({ name }, label) => ({ name, score: exponentials[label] / sum }))
    .sort((a, b) => b.score - a.score);
}

/** Divides every row of [rows, width] by its length, in place; a zero row stays. */
export function normalizeRows(values: Float32Array, width: number): Float32Array {
  for (let at = 0; at < values.length; at += width) {
    const row = values.subarray(at, at + width);
    let square = 0;
    for (const value of row) square += value * value;
    if (square > 0) for (let k = 0; k < width; k++) row[k] /= Math.sqrt(square);
  }
  return values;
}
