import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Distances of all pairs of spectra, each first divided by its sum: p [batch, headsP, count] and q [batch, headsQ,
 * count] f32, sorted alike and not negative, become [batch, headsP, headsQ], from 0 (equal) to 2 (disjoint). Source:
 * Kim et al., CVPR 2025, "CASS", the Wasserstein distance of head spectra; `wasserstein_distance_pytorch` of the
 * published code, after its normalisation. `kernels/spectrum_distance.wgsl`.
 * @throws ShapeError when the shapes do not fit.
 */
export function spectrumDistance(p: Tensor, q: Tensor): Tensor {
  requireDtype('spectrumDistance', 'p', p, 'f32');
  requireDtype('spectrumDistance', 'q', q, 'f32');
  requireShape('spectrumDistance', 'p', p, [-1, -1, -1]);
  const [batch, headsP, count] = p.shape;
  requireShape('spectrumDistance', 'q', q, [batch, -1, count]);
  const headsQ = q.shape[1];
  const y = p.device.empty([batch, headsP, headsQ]);
  p.device.recorder.dispatch({
    kernel: 'spectrum_distance',
    params: { size: y.size, headsP, headsQ, count },
    tensors: [p, q, y],
    threads: y.size,
    flops: 7 * count * y.size,
  });
  return y;
}
