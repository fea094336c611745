import { gatherRows } from '../engine/ops/gatherRows.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * As many tokens at other places, the control of the ablation: every row of a mask [B, N] rolled by an offset that
 * looks random and depends on the layer alone.
 * Source: RF-CLIP, ablation study. How tokens are drawn is a choice where it leaves it open.
 */
export function randomTokens(mask: Tensor, layer: number): Tensor {
  const [B, N] = mask.shape;
  const offset = Math.imul(layer + 1, 2654435761) >>> 0;
  const index = Uint32Array.from({ length: B * N }, (_, i) => i - (i % N) + (((i % N) + offset) % N));
  return gatherRows(mask.reshape([B * N, 1]), mask.device.tensor(index, [B, N], 'u32')).reshape([B, N]);
}
