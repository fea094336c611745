import type { Tensor } from '../tensor.ts';
import { lastAxis, requireDtype, requireShape, rowLanes } from './checks.ts';

/**
 * Per row, the largest share that one of `channels` has of the row's mass above its minimum:
 * `max over j of (x[j] - min) / sum(x - min)`. x [..., width] f32, channels [count] u32 below width (not checked on
 * the device); the result is [...].
 * Source: RF-CLIP, the score phi of its distractor localisation; published code `feat_denoising`.
 * @throws ShapeError when channels is not a u32 vector.
 */
export function channelShare(x: Tensor, channels: Tensor): Tensor {
  const width = lastAxis('channelShare', 'x', x);
  requireDtype('channelShare', 'x', x, 'f32');
  requireDtype('channelShare', 'channels', channels, 'u32');
  requireShape('channelShare', 'channels', channels, [-1]);
  const rows = x.size / width;
  const lanes = rowLanes(x);
  const y = x.device.empty(x.rank === 1 ? [1] : x.shape.slice(0, -1));
  x.device.recorder.dispatch({
    kernel: 'channel_share',
    constants: { LANES: lanes },
    params: { rows, width, count: channels.size },
    tensors: [x, channels, y],
    threads: rows * lanes,
    flops: 3 * x.size,
  });
  return y;
}
