/** A picture as the rest of the project sees it: `data` is uint8 RGB, row-major `[height, width, 3]`, without alpha. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/**
 * A decoded file: the pixels, and sentences worth telling the user (a substitute decoder, damaged data); often none.
 */
export interface DecodedImage extends RgbImage {
  notices: string[];
}

/** A decoded file whose pixels are as stored: not turned upright. */
export interface StoredImage extends DecodedImage {
  /** Exif orientation 1..8. */
  orientation: number;
}

/** A label map: one class index per pixel, row-major `[height, width]`, as stored in the file (never a colour). */
export interface LabelMap {
  width: number;
  height: number;
  data: Uint8Array | Uint16Array;
}

/** A decoded label map, and sentences worth telling the user (faults that were read over); often none. */
export interface DecodedLabelMap extends LabelMap {
  notices: string[];
}
