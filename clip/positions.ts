import { bicubic } from '../engine/ops/bicubic.ts';
import type { Tensor } from '../engine/tensor.ts';

/** Rows and columns of a grid of patches. */
export interface PatchGrid {
  height: number;
  width: number;
}

/**
 * Position embeddings for a grid: [1 + height * width, C]. The checkpoint's own rows where the NUMBER of tokens is the
 * same (whatever the grid's shape, as published); else the square table is interpolated bicubically with the scale
 * factor (grid + 0.1) / n, whose inverse is the coordinate step, so even a square grid comes out slightly shifted.
 * `table` is [1 + n * n, C]; its CLS row is copied.
 * Source: `interpolate_pos_encoding` of the published dense methods (from DINO).
 */
export function interpolatePositions(table: Tensor, grid: PatchGrid): Tensor {
  const [rows, C] = table.shape;
  if (grid.height * grid.width + 1 === rows) return table;
  const n = Math.round(Math.sqrt(rows - 1));
  const { device } = table;
  return device.scope(() => {
    const patches = table.rows(1).reshape([n, n, C]);
    // [gh, gw, C]
    const resized = bicubic(patches, grid.height, grid.width, n / (grid.height + 0.1), n / (grid.width + 0.1));
    const out = device.empty([1 + grid.height * grid.width, C]);
    device.recorder.copy(table.storage.buffer, table.byteOffset, out.storage.buffer, 0, C * 4);
    device.recorder.copy(resized.storage.buffer, resized.byteOffset, out.storage.buffer, C * 4, resized.byteLength);
    return out;
  });
}
