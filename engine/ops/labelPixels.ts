import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/** Result of `labelPixels`. */
export interface PixelLabels {
  /** [pixels] u32. */
  labels: Tensor;
  /** [pixels] f32: probability of the best class, before thresholding. */
  best: Tensor;
  /** [pixels, classes] f32, where asked for. */
  probabilities?: Tensor;
}

/**
 * Per pixel: softmax of `scale * logits` over all queries, the maximum per class, the best class; class 0 where its
 * probability is below `threshold`. logits [pixels, queries] f32; classOf [queries] u32, not decreasing, below classes;
 * allowed [classes] u32: classes that are 0 there get probability 0 (SCLIP's area threshold).
 * Source: `postprocess_result` of the published segmentors (RF-CLIP: probabilities are not renormalised).
 * @throws ShapeError when shapes do not fit.
 */
export function labelPixels(
  logits: Tensor,
  classOf: Tensor,
  options: { classes: number; scale: number; threshold: number; withProbabilities?: boolean; allowed?: Tensor },
): PixelLabels {
  const op = 'labelPixels';
  requireDtype(op, 'logits', logits, 'f32');
  requireShape(op, 'logits', logits, [-1, -1]);
  const [pixels, queries] = logits.shape;
  requireDtype(op, 'classOf', classOf, 'u32');
  requireShape(op, 'classOf', classOf, [queries]);
  const { classes, scale, threshold, withProbabilities = false, allowed } = options;
  if (allowed !== undefined) {
    requireDtype(op, 'allowed', allowed, 'u32');
    requireShape(op, 'allowed', allowed, [classes]);
  }
  if (pixels * queries === 0 || classes === 0)
    throw new ShapeError(`${op}: logits are ${formatShape(logits.shape)} for ${classes} classes`, op);
  const { device } = logits;
  const labels = device.empty([pixels], 'u32');
  const best = device.empty([pixels]);
  const probabilities = withProbabilities ? device.empty([pixels, classes]) : undefined;
  device.recorder.dispatch({
    kernel: 'label_pixels',
    constants: { WRITE_PROBABILITIES: withProbabilities, USE_ALLOWED: allowed !== undefined },
    params: { pixels, queries, classes, scale, threshold },
    tensors: [logits, classOf, labels, best, probabilities ?? device.placeholder, allowed ?? classOf],
    threads: pixels,
    flops: 8 * logits.size,
  });
  return probabilities === undefined ? { labels, best } : { labels, best, probabilities };
}
