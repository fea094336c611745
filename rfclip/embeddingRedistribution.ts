import type { PatchGrid } from '../clip/positions.ts';
import type { Device } from '../engine/device.ts';
import { repairChannels } from '../engine/ops/repairChannels.ts';
import { inPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Embedding redistribution in tokens f [B, T, C], CLS first:
 *
 *     f_i[j] <- mean over i' in O_i of f_i'[j]     for i in T_dis, j in D_dis
 *
 * O_i are the neighbours of patch i in the grid, 8 of them inside it and fewer at its border, whose old values count.
 * T_dis is a mask [B, N], D_dis one of channels [C], from `dimensionMask`. CLS and all other channels stay.
 * Source: RF-CLIP, embedding redistribution. The release's form is `denoise`.
 */
export function redistributeEmbedding(
  f: Tensor,
  distraction: Tensor,
  distractionDimensions: Tensor,
  grid: PatchGrid,
): Tensor {
  return inPart(f.device, 'redistributeEmbedding', () =>
    repairChannels(f, distraction, distractionDimensions, grid.height, grid.width, 1),
  );
}

/** A list of channels as a mask [C]: 1 for those in it. */
export function dimensionMask(device: Device, dimensions: readonly number[], C: number): Tensor {
  return device.tensor(
    Float32Array.from({ length: C }, (_, channel) => (dimensions.includes(channel) ? 1 : 0)),
    [C],
  );
}
