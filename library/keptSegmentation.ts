import { MOST_HELD_PIXELS } from '../clip/image/picture.ts';
import { type ClassShare, classShares, ShareCounter } from '../rfclip/classShares.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { LabelOutputs, Segmentation } from '../rfclip/labelImage.ts';

/** What is kept of a segmented image. */
export interface KeptSegmentation {
  width: number;
  height: number;
  /** [height, width]; bytes where an image is large and they suffice. */
  labels: Uint8Array | Uint16Array;
  /** [height, width]; not of large images. */
  confidence: Float32Array | undefined;
  /** [height, width, classes], if they were asked for. */
  probabilities: Float32Array | undefined;
  /** Of the classes that occur, largest first. */
  shares: ClassShare[];
}

/** Labels that fit into a byte. */
const BYTE_CLASSES = 256;

/**
 * Segments an image and keeps what is told of it. Of an image of more than 100 megapixels, four bytes a pixel for the
 * confidence would be too many: only its mean per class is kept then.
 *
 * @param run segments it with these further outputs
 */
export async function keepSegmentation(
  classes: ClassList,
  { width, height }: { width: number; height: number },
  run: (outputs: Pick<LabelOutputs, 'onBand'>) => Promise<Segmentation>,
): Promise<KeptSegmentation> {
  if (width * height <= MOST_HELD_PIXELS) {
    const segmentation = await run({});
    const { labels, confidence, probabilities } = segmentation;
    return { width, height, labels, confidence, probabilities, shares: classShares(classes, segmentation) };
  }
  const labels =
    classes.classes.length <= BYTE_CLASSES ? new Uint8Array(width * height) : new Uint16Array(width * height);
  let counter = new ShareCounter(classes);
  const { probabilities } = await run({
    onBand: (band) => {
      if (band.firstRow === 0) counter = new ShareCounter(classes);
      labels.set(band.labels, band.firstRow * width);
      counter.add(band.labels, band.confidence);
    },
  });
  return { width, height, labels, confidence: undefined, probabilities, shares: counter.shares() };
}
