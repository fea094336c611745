import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { type BilinearBand, requireBand } from './bilinear.ts';
import { requireDtype, requireShape } from './checks.ts';
import type { PixelLabels } from './labelPixels.ts';

/** To what size `labelResized` enlarges, and what makes a label. */
export interface LabelResizedOptions {
  outHeight: number;
  outWidth: number;
  band: BilinearBand;
  /** Above 0. */
  scale: number;
  threshold: number;
}

/**
 * In one launch what `bilinear` and `labelPixels` do, without probabilities of all classes: labels of a band of rows of
 * the logits [height, width, queries] f32, enlarged to outHeight x outWidth. classOf [queries] u32, not decreasing.
 * Source: `postprocess_result` of the published segmentors; `kernels/label_resized.wgsl`.
 * @throws ShapeError when shapes do not fit, a band reads rows that are not there, or `scale` is not above 0.
 */
export function labelResized(logits: Tensor, classOf: Tensor, options: LabelResizedOptions): PixelLabels {
  const op = 'labelResized';
  const { outHeight, outWidth, band, scale, threshold } = options;
  requireDtype(op, 'logits', logits, 'f32');
  requireShape(op, 'logits', logits, [-1, -1, -1]);
  const [height, width, queries] = logits.shape;
  requireDtype(op, 'classOf', classOf, 'u32');
  requireShape(op, 'classOf', classOf, [queries]);
  if (logits.size === 0) throw new ShapeError(`${op}: logits are ${formatShape(logits.shape)}, expected some`, op);
  if (!(scale > 0)) throw new ShapeError(`${op}: scale is ${scale}, expected a number above 0`, op);
  requireBand(op, band, height, outHeight);
  const pixels = band.rows * outWidth;
  const { device } = logits;
  const rowsOfThread = device.adapterClass === 'software' ? rowsBetweenThree(band.inputHeight, outHeight) : 1;
  const labels = device.empty([pixels], 'u32');
  const best = device.empty([pixels]);
  device.recorder.dispatch({
    kernel: 'label_resized',
    constants: { ROWS: rowsOfThread },
    params: {
      pixels,
      queries,
      inHeight: band.inputHeight,
      inWidth: width,
      inFirst: band.inputFirstRow,
      outHeight,
      outWidth,
      firstRow: band.firstRow,
      scale,
      threshold,
    },
    tensors: [logits, classOf, labels, best],
    threads: Math.ceil(band.rows / rowsOfThread) * outWidth,
    flops: 25 * pixels * queries,
  });
  return { labels, best };
}

/** How many rows of the output below each other, up to 4, lie between three rows of the input in any place. */
function rowsBetweenThree(inHeight: number, outHeight: number): number {
  if (outHeight >= 3 * inHeight) return 4;
  return outHeight >= inHeight ? 2 : 1;
}
