import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Pixels of a workgroup of the kernel. */
const PIXELS_PER_WORKGROUP = 2048;

/** Sizes of a workgroup's own counts: the smallest that suffices is taken, so that there are few pipelines. */
const CELLS = [64, 256, 1024, 4096];

/**
 * Counts how predictions meet labels, and packs the predictions into bytes: predictions [pixels] u32, below 256; labels
 * [words] u32, four bytes each as `packBytes` makes them, of which that at `first` belongs to the first prediction;
 * counts [classes + 1, classes + 1] u32, row = label, column = prediction, are ADDED TO, so that bands of one picture
 * share them. Values from `classes` on count in the last row or column, pixels labelled `ignored` nowhere.
 * Source: `kernels/compare_labels.wgsl`; `IoUMetric` of MMSegmentation.
 * @returns [ceil(pixels / 4)] u32, four predictions each, lowest first, the last filled up with zeros
 * @throws ShapeError when shapes do not fit, or the labels end before the last prediction's.
 */
export function compareLabels(
  predictions: Tensor,
  labels: Tensor,
  counts: Tensor,
  { first = 0, ignored }: { first?: number; ignored: number },
): Tensor {
  const op = 'compareLabels';
  const named = { predictions, labels, counts };
  for (const [name, tensor] of Object.entries(named)) requireDtype(op, name, tensor, 'u32');
  requireShape(op, 'predictions', predictions, [-1]);
  requireShape(op, 'counts', counts, [-1, counts.shape[0]]);
  const pixels = predictions.size;
  const classes = counts.shape[0] - 1;
  if (classes < 1) throw new ShapeError(`${op}: counts are ${formatShape(counts.shape)}, expected at least 2 x 2`, op);
  if (first + pixels > 4 * labels.size) {
    throw new ShapeError(
      `${op}: ${pixels} predictions from pixel ${first} on were compared with ${4 * labels.size} labels`,
      op,
    );
  }
  const { device } = predictions;
  const bytes = device.empty([Math.ceil(pixels / 4)], 'u32');
  device.recorder.dispatch({
    kernel: 'compare_labels',
    constants: { CELLS: CELLS.find((cells) => cells >= counts.size) ?? 1 },
    params: { pixels, first, classes, ignored },
    tensors: [predictions, labels, counts, bytes],
    threads: 64 * Math.ceil(pixels / PIXELS_PER_WORKGROUP),
    bytes: 6 * pixels + counts.byteLength,
  });
  return bytes;
}
