import { restoreConfusion } from '../../datasets/confusion.ts';
import { NO_CLASS } from '../results/confusionCsv.ts';
import type { EvaluationResult } from '../results/result.ts';

/** The confusion as the page shows it. */
export interface ConfusionTable {
  /** N names: those of the K classes, and `NO_CLASS` if any pixel was labelled or predicted as none. */
  names: string[];
  /** Pixels, [N, N], row = label, column = prediction. */
  counts: Float64Array;
  /** Pixels per label, [N]. */
  labelled: Float64Array;
}

/** One cell off the diagonal. */
interface FrequentConfusion {
  label: number;
  prediction: number;
  pixels: number;
}

/** Reads a result's counts. @throws RfclipError if they are none */
export function confusionTable({ classes, confusion }: EvaluationResult): ConfusionTable {
  const { counts: stored, classes: K } = restoreConfusion(confusion, 'the result');
  const isClassless = (cell: number) => cell >= K * (K + 1) || cell % (K + 1) === K;
  const size = stored.some((count, cell) => count > 0 && isClassless(cell)) ? K + 1 : K;
  const counts = new Float64Array(size * size);
  const labelled = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    counts.set(stored.subarray(row * (K + 1), row * (K + 1) + size), row * size);
    labelled[row] = counts.subarray(row * size, (row + 1) * size).reduce((total, count) => total + count, 0);
  }
  return { names: [...classes.map(({ name }) => name), ...(size > K ? [NO_CLASS] : [])], counts, labelled };
}

/** The cells off the diagonal with the most pixels, of labels that are a class (the first `classes`); most first. */
export function mostFrequent(
  { names: { length: size }, counts }: ConfusionTable,
  classes: number,
  limit: number,
): FrequentConfusion[] {
  const cells: FrequentConfusion[] = [];
  counts.forEach((pixels, cell) => {
    const [label, prediction] = [Math.floor(cell / size), cell % size];
    if (pixels > 0 && label !== prediction && label < classes) cells.push({ label, prediction, pixels });
  });
  return cells.sort((a, b) => b.pixels - a.pixels).slice(0, limit);
}
