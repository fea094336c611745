import type { PatchGrid } from '../clip/positions.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { Segmentation } from '../rfclip/labelImage.ts';
import type { Explanation } from './explanation.ts';
import { packFloats } from './packing.ts';

/** What a run says of classes. */
interface Answer {
  /** [N, Q] */
  logits: Float32Array;
  segmentation: Segmentation;
}

/** Only so many are shown, those with the largest shares. */
const MOST_CLASSES = 12;

/** Maps of the classes with the largest shares, before and after. */
export function gatherSimilarities(
  before: Answer,
  after: Answer,
  classes: ClassList,
  grid: PatchGrid,
  patch: number,
): Explanation['similarities'] {
  const shown = shownClasses(after.segmentation, classes.classes.length);
  const maps = (make: (label: number) => Float32Array) => shown.map((label) => packFloats(make(label)));
  return {
    shown,
    before: maps((label) => bestWord(before.logits, label, classes)),
    after: maps((label) => bestWord(after.logits, label, classes)),
    probabilityBefore: maps((label) => middles(before.segmentation, label, classes, grid, patch)),
    probabilityAfter: maps((label) => middles(after.segmentation, label, classes, grid, patch)),
  };
}

function shownClasses({ labels }: Segmentation, classes: number): number[] {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]++;
  const order = Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);
  return order.slice(0, MOST_CLASSES);
}

/** The largest logit of a class's words in every patch. */
function bestWord(logits: Float32Array, label: number, { queryToClass }: ClassList): Float32Array {
  const Q = queryToClass.length;
  const words = Array.from(queryToClass.keys()).filter((word) => queryToClass[word] === label);
  return Float32Array.from({ length: logits.length / Q }, (_, i) =>
    words.reduce((best, word) => Math.max(best, logits[i * Q + word]), -Infinity),
  );
}

/** The probability of a class at the pixel in the middle of every patch. */
function middles(
  { probabilities, width }: Segmentation,
  label: number,
  { classes }: ClassList,
  grid: PatchGrid,
  patch: number,
): Float32Array {
  const half = Math.floor(patch / 2);
  return Float32Array.from({ length: grid.height * grid.width }, (_, i) => {
    const [row, column] = [Math.floor(i / grid.width) * patch + half, (i % grid.width) * patch + half];
    return probabilities![(row * width + column) * classes.length + label];
  });
}
