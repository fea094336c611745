import { gatherRows } from '../../engine/ops/gatherRows.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** The CLS row of every batch: x [B, T, C] becomes [B, C]. */
export function clsTokens(x: Tensor): Tensor {
  const [B, T, C] = x.shape;
  const { device } = x;
  return device.scope(() =>
    gatherRows(
      x.reshape([B * T, C]),
      device.tensor(
        Uint32Array.from({ length: B }, (_, b) => b * T),
        [B],
        'u32',
      ),
    ),
  );
}

/** The patch rows of every batch: x [B, T, C] becomes [B, T - 1, C]. */
export function patchTokens(x: Tensor): Tensor {
  const [B, T, C] = x.shape;
  const { device } = x;
  if (B === 1)
    return device.scope(() =>
      x
        .reshape([T, C])
        .rows(1)
        .reshape([1, T - 1, C]),
    );
  const out = device.empty([B, T - 1, C]);
  const rowBytes = C * 4;
  for (let b = 0; b < B; b++) {
    const from = x.byteOffset + (b * T + 1) * rowBytes;
    device.recorder.copy(x.storage.buffer, from, out.storage.buffer, b * (T - 1) * rowBytes, (T - 1) * rowBytes);
  }
  return out;
}
