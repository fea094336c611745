import { applyOrientation, mirroredAxes } from './applyOrientation.ts';
import { type BilinearAxis, bilinearAxis, resizeAlong } from './resizeBilinear.ts';
import { type RowSink, type StoredSize, uprightSize } from './rowSink.ts';
import type { RgbImage } from './types.ts';

/**
 * `resizeBilinear` of the upright picture, from its stored rows, bit for bit. A bilinear resize looks at two samples
 * per axis and output pixel, so only these rows and columns are kept.
 */
export class RowResizer implements RowSink {
  readonly #orientation: number;
  /** Along the upright picture's axes, with indices into what is kept. */
  readonly #across: BilinearAxis;
  readonly #down: BilinearAxis;
  /** Places of the stored rows and columns among those that are kept, or -1. */
  readonly #rowPlace: Int32Array;
  readonly #columnPlace: Int32Array;
  /** Stored columns that are kept, ascending. */
  readonly #columns: Int32Array;
  readonly #kept: RgbImage;

  /** @param target size of the result, upright */
  constructor(stored: StoredSize, target: { width: number; height: number }) {
    const { width, height } = uprightSize(stored);
    const { orientation } = stored;
    this.#orientation = orientation;
    const across = keptAxis(bilinearAxis(width, target.width, 'across'));
    const down = keptAxis(bilinearAxis(height, target.height, 'down'));
    this.#across = across.axis;
    this.#down = down.axis;
    const mirrored = mirroredAxes(orientation);
    const [columns, rows] = orientation >= 5 ? [down.kept, across.kept] : [across.kept, down.kept];
    this.#columns = inStoredOrder(columns, stored.width, mirrored.columns);
    const keptRows = inStoredOrder(rows, stored.height, mirrored.rows);
    this.#columnPlace = places(this.#columns, stored.width);
    this.#rowPlace = places(keptRows, stored.height);
    this.#kept = {
      width: this.#columns.length,
      height: keptRows.length,
      data: new Uint8Array(this.#columns.length * keptRows.length * 3),
    };
  }

  /** Whether a row is kept. */
  needs(y: number): boolean {
    return this.#rowPlace[y] >= 0;
  }

  /** Keeps the columns of a row. */
  add(row: Uint8Array, from: number, columns: number, x: number, y: number, stepX: number): void {
    const place = this.#rowPlace[y];
    if (place < 0) return;
    const { width, data } = this.#kept;
    const start = place * width * 3;
    const put = (to: number, at: number): void => {
      data[to] = row[at];
      data[to + 1] = row[at + 1];
      data[to + 2] = row[at + 2];
    };
    if (stepX === 1) this.#columns.forEach((column, k) => put(start + 3 * k, from + 3 * (column - x)));
    else {
      for (let k = 0; k < columns; k++) {
        const column = this.#columnPlace[x + k * stepX];
        if (column >= 0) put(start + 3 * column, from + 3 * k);
      }
    }
  }

  /** The resized picture, once all rows have come. */
  finish(): RgbImage {
    return resizeAlong(applyOrientation(this.#kept, this.#orientation), this.#across, this.#down);
  }
}

/** The indices that an axis looks at, ascending, and the axis with places among them. */
function keptAxis(axis: BilinearAxis): { kept: Int32Array; axis: BilinearAxis } {
  const kept = Int32Array.from(new Set([...axis.first, ...axis.second])).sort();
  const place = new Map([...kept].map((index, at) => [index, at]));
  const placed = (indices: Int32Array) => indices.map((index) => place.get(index)!);
  return { kept, axis: { ...axis, first: placed(axis.first), second: placed(axis.second) } };
}

function inStoredOrder(upright: Int32Array, size: number, isMirrored: boolean): Int32Array {
  return isMirrored ? upright.map((index) => size - 1 - index).sort() : upright;
}

function places(kept: Int32Array, size: number): Int32Array {
  const place = new Int32Array(size).fill(-1);
  kept.forEach((index, at) => (place[index] = at));
  return place;
}
