import { bicubic } from '../engine/ops/bicubic.ts';
import { add } from '../engine/ops/blend.ts';
import type { Tensor } from '../engine/tensor.ts';

/** Rows and columns of a grid of patches. */
export interface PatchGrid {
  height: number;
  width: number;
}

/** Patches of `patch` x `patch` pixels that an image is cut into; remainders are dropped. */
export function patchGrid(height: number, width: number, patch: number): PatchGrid {
  return { height: Math.floor(height / patch), width: Math.floor(width / patch) };
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

/** x [rows, C] with `row` [C] added to the first one. */
function addToFirstRow(x: Tensor, row: Tensor): Tensor {
  const { device } = x;
  const [rows, C] = x.shape;
  return device.scope(() => {
    const first = add(x.rows(0, 1), row.reshape([1, C]));
    const out = device.empty([rows, C]);
    device.recorder.copy(first.storage.buffer, first.byteOffset, out.storage.buffer, 0, C * 4);
    device.recorder.copy(x.storage.buffer, x.byteOffset + C * 4, out.storage.buffer, C * 4, (rows - 1) * C * 4);
    return out;
  });
}

/** Tables that are kept, two for each grid: images of a data set have few sizes, and windows have one. */
const KEPT_TABLES = 8;

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
    return this.#keep(`${grid.height}x${grid.width}`, () => interpolatePositions(this.#table, grid));
  }

  /** `of` with the class embedding [C], always the same one, added to the row of CLS. */
  withClass(grid: PatchGrid, classEmbedding: Tensor): Tensor {
    return this.#keep(`class ${grid.height}x${grid.width}`, () => addToFirstRow(this.of(grid), classEmbedding));
  }

  #keep(key: string, make: () => Tensor): Tensor {
    const positions = this.#kept.get(key) ?? this.#table.device.keep(make);
    this.#kept.delete(key);
    this.#kept.set(key, positions);
    if (this.#kept.size > KEPT_TABLES) {
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
