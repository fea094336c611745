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

/** Grids whose positions are kept: images of a data set have few sizes, and windows have one. */
const KEPT_GRIDS = 4;

/** Position embeddings of a checkpoint for every grid of patches; those of the last few grids are kept. */
export class PositionEmbeddings {
  readonly #table: Tensor;
  readonly #kept = new Map<string, Tensor>();

  /** `table` is [1 + n * n, C]; it stays the caller's. */
  constructor(table: Tensor) {
    this.#table = table;
  }

  /** `interpolatePositions` for a grid, [1 + height * width, C]; not to be disposed by the caller. */
  of(grid: PatchGrid): Tensor {
    if (grid.height * grid.width + 1 === this.#table.shape[0]) return this.#table;
    const key = `${grid.height}x${grid.width}`;
    const positions = this.#kept.get(key) ?? this.#table.device.keep(() => interpolatePositions(this.#table, grid));
    this.#kept.delete(key);
    this.#kept.set(key, positions);
    if (this.#kept.size > KEPT_GRIDS) {
      const [oldest, tensor] = this.#kept.entries().next().value!;
      tensor.dispose();
      this.#kept.delete(oldest);
    }
    return positions;
  }

  /** Frees what is kept. */
  dispose(): void {
    for (const positions of this.#kept.values()) positions.dispose();
    this.#kept.clear();
  }
}
