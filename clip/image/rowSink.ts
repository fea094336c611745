/**
 * Takes a picture apart into what is needed of it while its rows come, so that it never is in memory as a whole. Rows
 * are as stored: not turned upright, and in an interlaced file of some of the columns only.
 */
export interface RowSink {
  /** Whether anything of that stored row is needed. */
  needs(y: number): boolean;
  /**
   * @param row uint8 RGB; pixel k lies at `from + 3 k`. It may change with the next call.
   * @param columns how many pixels
   * @param x, y stored column of the first pixel, and the row
   * @param stepX distance of pixels in columns
   */
  add(row: Uint8Array, from: number, columns: number, x: number, y: number, stepX: number): void;
}

/** Size and orientation of a picture as stored. */
export interface StoredSize {
  width: number;
  height: number;
  /** Exif orientation 1..8. */
  orientation: number;
}

/** The size once it is upright. */
export function uprightSize({ width, height, orientation }: StoredSize): { width: number; height: number } {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
