import { foldWorkgroups } from '../dispatch.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';
import { matmul } from './matmul.ts';
import { rowReduce } from './rowReduce.ts';

/** Result of `fiedlerVector`. */
export interface FiedlerVector {
  /**
   * [batch, n]: y of (D - W) y = lambda D y for the second smallest lambda, y^T D y = 1, largest component positive.
   */
  y: Tensor;
  /** [batch, n]: 1 where y is above its mean, else 0. */
  aboveMean: Tensor;
}

/**
 * Squarings of the operator. 2^11 = 2048 power iterations leave exp(-2048 gap / 2) of the next eigenvector: 1e-5 at a
 * gap of 0.011 between the second and third eigenvalue.
 */
const SQUARINGS = 11;

/**
 * The symmetric affinity W of patches from attention weights [batch, heads, T, T]: head mean, CLS dropped, symmetrised:
 * [batch, T - 1, T - 1].
 * Source: RF-CLIP, the graph of its defocus localisation; `kernels/patch_affinity.wgsl`.
 * @throws ShapeError for another rank.
 */
export function patchAffinity(attention: Tensor): Tensor {
  requireDtype('patchAffinity', 'attention', attention, 'f32');
  requireShape('patchAffinity', 'attention', attention, [-1, -1, -1, attention.shape[2] ?? -1]);
  const [batch, heads, tokens] = attention.shape;
  const w = attention.device.empty([batch, tokens - 1, tokens - 1]);
  attention.device.recorder.dispatch({
    kernel: 'patch_affinity',
    params: { size: w.size, heads, tokens },
    tensors: [attention, w],
    threads: w.size,
    flops: 2 * heads * w.size,
  });
  return w;
}

/**
 * Fiedler vector of the normalised cut of symmetric affinities W [batch, n, n] with positive row sums, found by power
 * iteration through repeated squaring: each squaring is one matrix product and doubles the number of iterations, so a
 * dozen products do what thousands of matrix-vector steps would. Error: about 2^-24 / gap in each component, gap being
 * the distance between the second and third eigenvalue.
 * Source: Shi and Malik 2000, equation 11; RF-CLIP, defocus localisation. Kernels `cut_operator`, `divide_by_trace`,
 * `fiedler_vector`.
 * @throws ShapeError when W is not square.
 */
export function fiedlerVector(affinity: Tensor): FiedlerVector {
  requireDtype('fiedlerVector', 'affinity', affinity, 'f32');
  requireShape('fiedlerVector', 'affinity', affinity, [-1, -1, affinity.shape[1] ?? -1]);
  const [batch, n] = affinity.shape;
  const { device } = affinity;
  return device.scope(() => {
    const degrees = rowReduce(affinity, 'sum'); // [batch, n]
    const total = rowReduce(degrees, 'sum'); // [batch]
    let operator = device.empty([batch, n, n]);
    device.recorder.dispatch({
      kernel: 'cut_operator',
      params: { size: operator.size, n },
      tensors: [affinity, degrees, total, operator],
      threads: operator.size,
      flops: 8 * operator.size,
    });
    for (let squaring = 0; squaring < SQUARINGS; squaring++) {
      operator = device.scope(() => divideByTrace(matmul(operator, operator)));
    }
    const y = device.empty([batch, n]);
    const aboveMean = device.empty([batch, n]);
    device.recorder.dispatch({
      kernel: 'fiedler_vector',
      params: { batch, n },
      tensors: [operator, degrees, y, aboveMean],
      workgroups: [Math.ceil(batch / 64), 1, 1],
      flops: 10 * batch * n,
    });
    return { y, aboveMean };
  });
}

/**
 * Matrices [batch, n, n] divided by their traces. Source: `kernels/divide_by_trace.wgsl`.
 * @throws ShapeError unless square.
 */
export function divideByTrace(x: Tensor): Tensor {
  requireDtype('divideByTrace', 'x', x, 'f32');
  requireShape('divideByTrace', 'x', x, [-1, -1, x.shape[1] ?? -1]);
  const [batch, n] = x.shape;
  const y = x.device.empty(x.shape);
  if (x.size === 0) return y;
  x.device.recorder.dispatch({
    kernel: 'divide_by_trace',
    params: { rows: batch * n, n },
    tensors: [x, y],
    workgroups: foldWorkgroups(batch * n),
    flops: 2 * x.size,
  });
  return y;
}
