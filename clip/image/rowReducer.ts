import { applyOrientation } from './applyOrientation.ts';
import type { RowSink, StoredSize } from './rowSink.ts';
import type { RgbImage } from './types.ts';

/** A smaller picture to look at, from stored rows: every pixel is the mean of a square of them. */
export class RowReducer implements RowSink {
  readonly #orientation: number;
  /** Side of the squares. */
  readonly #side: number;
  readonly #width: number;
  readonly #height: number;
  readonly #sums: Uint32Array;
  readonly #counts: Uint32Array;

  /** @param longest of the result's sides, in pixels */
  constructor({ width, height, orientation }: StoredSize, longest: number) {
    this.#orientation = orientation;
    this.#side = Math.max(1, Math.ceil(Math.max(width, height) / longest));
    this.#width = Math.ceil(width / this.#side);
    this.#height = Math.ceil(height / this.#side);
    this.#sums = new Uint32Array(this.#width * this.#height * 3);
    this.#counts = new Uint32Array(this.#width * this.#height);
  }

  /** Every row counts. */
  needs(): boolean {
    return true;
  }

  /** Adds a row to its squares. */
  add(row: Uint8Array, from: number, columns: number, x: number, y: number, stepX: number): void {
    const start = Math.floor(y / this.#side) * this.#width;
    for (let k = 0, at = from; k < columns;) {
      const across = Math.floor((x + k * stepX) / this.#side);
      const end = Math.min(columns, Math.ceil(((across + 1) * this.#side - x) / stepX));
      const count = end - k;
      let [red, green, blue] = [0, 0, 0];
      for (; k < end; k++, at += 3) {
        red += row[at];
        green += row[at + 1];
        blue += row[at + 2];
      }
      const square = start + across;
      this.#sums[3 * square] += red;
      this.#sums[3 * square + 1] += green;
      this.#sums[3 * square + 2] += blue;
      this.#counts[square] += count;
    }
  }

  /** The picture, upright, once all rows have come. */
  finish(): RgbImage {
    const data = new Uint8Array(this.#sums.length);
    for (let i = 0; i < data.length; i++) data[i] = Math.round(this.#sums[i] / this.#counts[Math.floor(i / 3)]);
    return applyOrientation({ width: this.#width, height: this.#height, data }, this.#orientation);
  }
}
