import type { LabelBand } from '../rfclip/labelImage.ts';
import type { NetworkImage } from '../rfclip/networkImage.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';

/** The labels of an image. */
export interface Prediction {
  width: number;
  height: number;
  /** Class per pixel, row-major [height, width]. */
  labels: Uint8Array | Uint16Array;
}

/** Labels that fit into a byte. */
const BYTE_CLASSES = 256;

/**
 * The label map of an image alone, in as few bytes as it needs: of large images, the confidence of every pixel would be
 * too much.
 *
 * @param size of the file
 * @throws as `SegmentationPipeline.segment`
 */
export async function predictLabels(
  segmenter: SegmentationPipeline,
  input: NetworkImage,
  { width, height }: { width: number; height: number },
): Promise<Prediction> {
  const pixels = width * height;
  const labels = segmenter.classes.classes.length <= BYTE_CLASSES ? new Uint8Array(pixels) : new Uint16Array(pixels);
  const onBand = (band: LabelBand) => labels.set(band.labels, band.firstRow * width);
  await segmenter.segment(input, height, width, { onBand, confidence: false });
  return { width, height, labels };
}
