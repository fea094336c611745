import { RfclipError } from '../engine/errors.ts';

/** A label that takes no part in anything: the pixel is dropped with whatever was predicted there. */
export const IGNORED_LABEL = 255;

/** Integers up to here are exact in float64: pixels of about 45 million photographs of 200 megapixels. */
const LARGEST_COUNT = Number.MAX_SAFE_INTEGER;

/**
 * How often each label met each prediction. All metrics follow from it, and adding two of them is exact, in any order,
 * so images can be counted by different processes.
 *
 * Row = label, column = prediction. There is one more row and column than classes, for values from `classes` on: a
 * pixel whose label is no class still counts where it was predicted (and so enters that class's union), as in
 * MMSegmentation.
 */
export interface Confusion {
  /** K. */
  readonly classes: number;
  /** Pixels, float64 holding integers, row-major [K+1, K+1]. */
  readonly counts: Float64Array;
}

/** A confusion as JSON: only cells that are not zero, flat as cell, count, cell, count, ...; cells ascend. */
export interface StoredConfusion {
  classes: number;
  cells: number[];
}

/** A confusion with nothing counted. @throws RfclipError for less than 1 or more than 65535 classes. */
export function emptyConfusion(classes: number): Confusion {
  if (!Number.isInteger(classes) || classes < 1 || classes > 65535)
    throw countError(`a confusion of ${classes} classes was asked for, expected 1 to 65535`);
  return { classes, counts: new Float64Array((classes + 1) ** 2) };
}

/**
 * Adds the pixels of one image.
 *
 * @param confusion changed in place
 * @param prediction class per pixel, any order of pixels as long as it is that of `labels`
 * @param labels label per pixel; `IGNORED_LABEL` is dropped
 * @throws RfclipError if the two differ in length; nothing is counted then
 */
export function countPixels(confusion: Confusion, prediction: ArrayLike<number>, labels: ArrayLike<number>): void {
  const { classes, counts } = confusion;
  if (prediction.length !== labels.length)
    throw countError(
      `a prediction of ${prediction.length} pixels was compared with ${labels.length} labels, expected as many`,
    );
  const columns = classes + 1;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label === IGNORED_LABEL) continue;
    const row = label < classes ? label : classes;
    const column = prediction[i] < classes ? prediction[i] : classes;
    counts[row * columns + column]++;
  }
}

/** Adds `other` to `confusion`, in place. @throws RfclipError if they have different numbers of classes. */
export function addConfusion(confusion: Confusion, other: Confusion): void {
  if (other.classes !== confusion.classes)
    throw countError(
      `counts of ${other.classes} classes were added to counts of ${confusion.classes}, expected the same number`,
    );
  for (let cell = 0; cell < confusion.counts.length; cell++) confusion.counts[cell] += other.counts[cell];
}

/** The non-zero cells, as a plain object for JSON; a photograph needs a few dozen numbers. */
export function storeConfusion({ classes, counts }: Confusion): StoredConfusion {
  const cells: number[] = [];
  counts.forEach((count, cell) => {
    if (count > 0) cells.push(cell, count);
  });
  return { classes, cells };
}

/**
 * The inverse of `storeConfusion`.
 *
 * @param stored parsed JSON of unknown origin
 * @param where how errors name the file or line it came from
 * @throws RfclipError unless it is what `storeConfusion` writes: whole counts above 0, ascending cells within range
 */
export function restoreConfusion(stored: unknown, where: string): Confusion {
  const { classes, cells } = (stored ?? {}) as Partial<StoredConfusion>;
  if (typeof classes !== 'number' || !Array.isArray(cells) || cells.length % 2 !== 0) {
    throw countError(
      `${where} holds no pixel counts, expected "classes" and pairs of cell and count in "cells"`,
      where,
    );
  }
  const confusion = emptyConfusion(classes);
  for (let i = 0, previous = -1; i < cells.length; i += 2) {
    const [cell, count] = [cells[i], cells[i + 1]];
    if (!Number.isInteger(cell) || cell <= previous || cell >= confusion.counts.length) {
      throw countError(
        `${where} has the cell ${cell} after ${previous}, expected ascending whole numbers below ` +
          `${confusion.counts.length}`,
        where,
      );
    }
    if (!Number.isInteger(count) || count < 1 || count > LARGEST_COUNT) {
      throw countError(
        `${where} has the count ${count} in cell ${cell}, expected a whole number from 1 to ${LARGEST_COUNT}`,
        where,
      );
    }
    confusion.counts[cell] = count;
    previous = cell;
  }
  return confusion;
}

function countError(message: string, where?: string): RfclipError {
  return new RfclipError(message, { code: 'RFCLIP-COUNTS', where });
}
