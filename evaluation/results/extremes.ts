import { byCodeUnits } from '../../datasets/pairs.ts';

/** An image's own score, for people to look at; the metrics of a result are not made of these. */
export interface ImageScore {
  id: string;
  /** Mean IoU over the classes that occur in the image's labels or prediction, from 0 to 1. */
  mIoU: number;
  /**
   * JPEG of image, labels, prediction and errors: its path relative to the result's folder, with `/`; null where there
   * is none.
   */
  thumbnail: string | null;
}

/** The images of an evaluation that went worst and best; no image is in both lists. */
export interface Extremes {
  /** Worst first. */
  worst: ImageScore[];
  /** Best first. */
  best: ImageScore[];
}

/** How many images each of the two lists holds at most. */
export const EXTREMES_PER_SIDE = 8;

/**
 * Takes an image into a ranking, which holds the first and the last images of those seen so far. They depend on the
 * images alone, not on their order: scores are compared first, ids where they are equal. An image that is pushed out
 * never comes back, so one that is in the ranking at the end was in it ever since it was taken in.
 *
 * @param ranking from worst to best, at most twice `perSide` long; changed in place
 * @returns the image that was pushed out, which may be `next` itself; undefined while there is room
 */
export function takeIntoRanking(
  ranking: ImageScore[],
  next: ImageScore,
  perSide = EXTREMES_PER_SIDE,
): ImageScore | undefined {
  const after = ranking.findIndex((other) => isWorse(next, other));
  ranking.splice(after < 0 ? ranking.length : after, 0, next);
  return ranking.length > 2 * perSide ? ranking.splice(perSide, 1)[0] : undefined;
}

/** The two ends of a ranking; one that is not full is split in the middle. */
export function extremesOf(ranking: readonly ImageScore[]): Extremes {
  const middle = Math.ceil(ranking.length / 2);
  return { worst: ranking.slice(0, middle), best: ranking.slice(middle).reverse() };
}

/**
 * The extremes of all images, from those of their parts: exactly what a single run finds, in any order of the parts.
 */
export function mergeExtremes(parts: readonly Extremes[], perSide = EXTREMES_PER_SIDE): Extremes {
  const ranking: ImageScore[] = [];
  for (const score of parts.flatMap(({ worst, best }) => [...worst, ...best])) takeIntoRanking(ranking, score, perSide);
  return extremesOf(ranking);
}

function isWorse(a: ImageScore, b: ImageScore): boolean {
  return a.mIoU < b.mIoU || (a.mIoU === b.mIoU && byCodeUnits(a.id, b.id) < 0);
}
