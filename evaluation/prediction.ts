import { type Confusion, countPixels, emptyConfusion, IGNORED_LABEL } from '../datasets/confusion.ts';
import { compareLabels } from '../engine/ops/compareLabels.ts';
import { packBytes } from '../engine/ops/normalisePixels.ts';
import type { Tensor } from '../engine/tensor.ts';
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
 * @param onNotice gets what somebody should know about how it went
 * @throws as `SegmentationPipeline.segment`
 */
export async function predictLabels(
  segmenter: SegmentationPipeline,
  input: NetworkImage,
  { width, height }: { width: number; height: number },
  onNotice?: (notice: string) => void,
): Promise<Prediction> {
  const pixels = width * height;
  const labels = segmenter.classes.classes.length <= BYTE_CLASSES ? new Uint8Array(pixels) : new Uint16Array(pixels);
  const onBand = (band: LabelBand) => labels.set(band.labels, band.firstRow * width);
  await segmenter.segment(input, height, width, { onBand, confidence: false, onNotice });
  return { width, height, labels };
}

/** Ground truth of more pixels would take too much of the device's memory, a byte each. */
const DEVICE_PIXELS = 2 ** 25;

/**
 * `predictLabels`, and how the labels meet the ground truth. The device counts, and its labels come back as bytes, so
 * that the host looks at no pixel; only of huge pictures, and where there are more counts than pixels, the host counts.
 *
 * @param truth label per pixel of the file, [height, width]
 * @param onNotice gets what somebody should know about how it went
 * @throws as `SegmentationPipeline.segment`; RfclipError if the truth has another number of pixels
 */
export async function predictAndCount(
  segmenter: SegmentationPipeline,
  input: NetworkImage,
  size: { width: number; height: number },
  truth: Uint8Array,
  onNotice?: (notice: string) => void,
): Promise<{ prediction: Prediction; confusion: Confusion }> {
  const { width, height } = size;
  const pixels = width * height;
  const classes = segmenter.classes.classes.length;
  const worthwhile = (classes + 1) ** 2 <= pixels && pixels <= DEVICE_PIXELS;
  if (!worthwhile || classes > BYTE_CLASSES || truth.length !== pixels) {
    const prediction = await predictLabels(segmenter, input, size, onNotice);
    const confusion = emptyConfusion(classes);
    countPixels(confusion, prediction.labels, truth);
    return { prediction, confusion };
  }
  const labels = new Uint8Array(pixels);
  let counts: Uint32Array | undefined;
  const words = packBytes(truth);
  let held: { truth: Tensor; sums: Tensor } | undefined;
  const free = () => {
    for (const tensor of Object.values(held ?? {})) tensor.dispose();
    held = undefined;
  };
  try {
    await segmenter.segment(input, height, width, {
      confidence: false,
      onNotice,
      // Here, for a copy between two launches splits a pass; and anew, for no band must count twice.
      prepare: (device) => {
        free();
        held = device.collect(() => ({
          truth: device.tensor(words, [words.length], 'u32'),
          sums: device.zeros([classes + 1, classes + 1], 'u32'),
        })).result;
      },
      derive: (found, firstRow) => [
        compareLabels(found, held!.truth, held!.sums, { first: firstRow * width, ignored: IGNORED_LABEL }),
        // A view, because what is read is freed, and the next band adds to it.
        held!.sums.reshape([-1]),
      ],
      onBand: ({ firstRow, derived }) => {
        const [bytes, sumsSoFar] = derived as [Uint32Array, Uint32Array];
        const first = firstRow * width;
        const left = new Uint8Array(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, pixels - first));
        labels.set(left, first);
        counts = sumsSoFar;
      },
    });
  } finally {
    free();
  }
  return { prediction: { width, height, labels }, confusion: { classes, counts: new Float64Array(counts!) } };
}
