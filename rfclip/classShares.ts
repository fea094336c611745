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

/** Counts pixels of a label map, whole or in parts. */
export class ShareCounter {
  readonly #classes: ClassList['classes'];
  /** By label. */
  readonly #pixels: Float64Array;
  readonly #sums: Float64Array;
  #total = 0;

  constructor({ classes }: ClassList) {
    this.#classes = classes;
    this.#pixels = new Float64Array(classes.length);
    this.#sums = new Float64Array(classes.length);
  }

  /** Adds pixels. @param confidence probability of each pixel's class */
  add(labels: Uint16Array | Uint32Array, confidence: Float32Array): void {
    for (let i = 0; i < labels.length; i++) {
      this.#pixels[labels[i]]++;
      this.#sums[labels[i]] += confidence[i];
    }
    this.#total += labels.length;
  }

  /** Share and mean probability of every class that occurs, largest share first. */
  shares(): ClassShare[] {
    return this.#classes
      .map(({ name, words }, label) => ({
        name,
        words,
        label,
        pixels: this.#pixels[label],
        share: this.#pixels[label] / this.#total,
        probability: this.#pixels[label] > 0 ? this.#sums[label] / this.#pixels[label] : 0,
      }))
      .filter((entry) => entry.pixels > 0)
      .sort((a, b) => b.pixels - a.pixels);
  }
}

/** Share and mean probability of every class that occurs, largest share first. */
export function classShares(classes: ClassList, { labels, confidence }: Segmentation): ClassShare[] {
  const counter = new ShareCounter(classes);
  counter.add(labels, confidence);
  return counter.shares();
}

/** The share as JSON reports have it. */
export function reportedShare({ name, words, label, pixels, share, probability }: ClassShare): ReportedShare {
  return { name, words: [...words], label, pixels, share, meanProbability: probability };
}
