import { existsSync } from 'node:fs';
import { readLabelMap } from '../clip/image/readLabelMap.ts';
import { RfclipError } from '../engine/errors.ts';

/** Pixels that a prediction and a mask share, per class. */
export interface Overlap {
  intersection: Float64Array;
  union: Float64Array;
  /** Pixels of each class in the mask. */
  truth: Float64Array;
  /** Mean of intersection / union over the classes that occur in either. */
  readonly mIoU: number;
}

/**
 * Overlap with the mask `NAME.mask.png` beside an image (palette index = class), or undefined where there is none.
 * @throws RfclipError when the mask is of another size; ImageError when it cannot be read.
 */
export async function compareWithMask(image: string, labels: Uint16Array, classes: number): Promise<Overlap | undefined> {
  const path = image.replace(/\.\w+$/, '.mask.png');
  if (!existsSync(path)) return undefined;
  const mask = await readLabelMap(path);
  if (mask.data.length !== labels.length) throw new RfclipError(`${path} has ${mask.data.length} pixels, its image ${labels.length}`, { code: 'RFCLIP-MASK', where: path });
  const overlap = emptyOverlap(classes);
  for (let i = 0; i < labels.length; i++) {
    const truth = mask.data[i];
    // A value that is no class (255: ignore) counts for nothing.
    if (truth >= classes) continue;
    overlap.truth[truth]++;
    overlap.union[truth]++;
    if (truth === labels[i]) overlap.intersection[truth]++;
    else overlap.union[labels[i]]++;
  }
  return overlap;
}

/** Sum of two overlaps over the same classes. */
export function sumOverlaps(a: Overlap | undefined, b: Overlap): Overlap {
  if (a === undefined) return b;
  const sum = emptyOverlap(b.union.length);
  for (const part of [a, b]) {
    for (const key of ['intersection', 'union', 'truth'] as const) part[key].forEach((pixels, label) => (sum[key][label] += pixels));
  }
  return sum;
}

function emptyOverlap(classes: number): Overlap {
  return {
    intersection: new Float64Array(classes),
    union: new Float64Array(classes),
    truth: new Float64Array(classes),
    get mIoU() {
      const present = [...this.union.keys()].filter((label) => this.union[label] > 0);
      return present.reduce((sum, label) => sum + this.intersection[label] / this.union[label], 0) / Math.max(1, present.length);
    },
  };
}
