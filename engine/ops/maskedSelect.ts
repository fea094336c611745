import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape } from './checks.ts';

/**
 * Row by row, `a` where the mask is not 0, else `b`. mask [...] f32; a, b [..., width] f32; the result has a's shape.
 * Source: `kernels/masked_select.wgsl`.
 * @throws ShapeError when the shapes differ.
 */
export function maskedSelect(mask: Tensor, a: Tensor, b: Tensor): Tensor {
  const width = lastAxis('maskedSelect', 'a', a);
  for (const [name, tensor] of [
    ['mask', mask],
    ['a', a],
    ['b', b],
  ] as const)
    requireDtype('maskedSelect', name, tensor, 'f32');
  requireShape('maskedSelect', 'mask', mask, a.shape.slice(0, -1));
  requireShape('maskedSelect', 'b', b, a.shape);
  const y = a.device.empty(a.shape);
  a.device.recorder.dispatch({
    kernel: 'masked_select',
    params: { size: a.size, width },
    tensors: [mask, a, b, y],
    threads: a.size,
  });
  return y;
}
