import { ImageError } from './imageError.ts';

/** Pictures above this many pixels are refused before anything of their size is allocated. */
const MAXIMUM_PIXELS = 100_000_000;

/** No picture within `MAXIMUM_PIXELS` needs a longer file (16-bit RGBA, stored uncompressed, takes 800 MB). */
export const MAXIMUM_FILE_BYTES = 1_000_000_000;

/**
 * Checks the size a header claims.
 *
 * @throws ImageError for a zero side or more than `MAXIMUM_PIXELS` pixels
 */
export function checkPictureSize(width: number, height: number, name: string): void {
  if (width === 0 || height === 0) {
    throw new ImageError(name, `claims a size of ${width} x ${height} pixels, but both sides must be at least 1`);
  }
  if (width * height > MAXIMUM_PIXELS) {
    throw new ImageError(
      name,
      `has ${width} x ${height} pixels, more than the limit of ${MAXIMUM_PIXELS / 1e6} megapixels`,
      {
        fix: 'make the picture smaller first',
      },
    );
  }
}
