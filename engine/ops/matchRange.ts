import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape } from './checks.ts';
import { rowReduce } from './rowReduce.ts';

/**
 * Every row of x [..., width] f32 moved and stretched so that its smallest and largest element become those of the same
 * row of `model` [..., any]; same shape as x. A constant row becomes the model's smallest element.
 * Source: `_normalize_key_range` and `_normalize_attention_range` of CASS's published code; `kernels/match_range.wgsl`.
 * @throws ShapeError when the rows differ in number, or a row is empty.
 */
export function matchRange(x: Tensor, model: Tensor): Tensor {
  requireDtype('matchRange', 'x', x, 'f32');
  const width = lastAxis('matchRange', 'x', x);
  requireShape('matchRange', 'model', model, [...x.shape.slice(0, -1), -1]);
  const { device } = x;
  return device.scope(() => {
    const ranges = [x, model].flatMap((tensor) => [rowReduce(tensor, 'min'), rowReduce(tensor, 'max')]);
    const y = device.empty(x.shape);
    device.recorder.dispatch({
      kernel: 'match_range',
      params: { size: x.size, width },
      tensors: [x, ...ranges, y],
      threads: x.size,
      flops: 5 * x.size,
    });
    return y;
  });
}
