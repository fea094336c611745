import type { ClassList } from './classes.ts';
import type { Segmentation } from './labelImage.ts';

/** What is seen of one class in an image. */
export interface ClassShare {
  readonly name: string;
  /** All words that stand for it, the name first. */
  readonly words: readonly string[];
  /** Its value in the label map. */
  readonly label: number;
  readonly pixels: number;
  /** Of the image's pixels, 0 to 1. */
  readonly share: number;
  /** Mean probability of the class over its pixels, 0 to 1. */
  readonly probability: number;
}

/** A share as JSON reports have it. */
export interface ReportedShare {
  name: string;
  words: string[];
  label: number;
  pixels: number;
  share: number;
  meanProbability: number;
}

/** Share and mean probability of every class that occurs, largest share first. */
export function classShares({ classes }: ClassList, { labels, confidence }: Segmentation): ClassShare[] {
  const pixels = new Float64Array(classes.length);
  const sums = new Float64Array(classes.length);
  for (let i = 0; i < labels.length; i++) {
    pixels[labels[i]]++;
    sums[labels[i]] += confidence[i];
  }
  return classes
    .map(({ name, words }, label) => ({
      name,
      words,
      label,
      pixels: pixels[label],
      share: pixels[label] / labels.length,
      probability: pixels[label] > 0 ? sums[label] / pixels[label] : 0,
    }))
    .filter((entry) => entry.pixels > 0)
    .sort((a, b) => b.pixels - a.pixels);
}

/** The share as JSON reports have it. */
export function reportedShare({ name, words, label, pixels, share, probability }: ClassShare): ReportedShare {
  return { name, words: [...words], label, pixels, share, meanProbability: probability };
}
