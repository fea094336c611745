import { RfclipError } from '../../engine/errors.ts';
import { ImageError } from './imageError.ts';

/** Pictures of more megapixels are refused, unless more are asked for, before anything of their size is made. */
export const DEFAULT_MAX_MEGAPIXELS = 150;

/** No more megapixels than these can be asked for. */
export const HIGHEST_MAX_MEGAPIXELS = 300;

/** How large a picture may be. */
export interface ImageLimits {
  /** Pictures of more megapixels are refused. Default 150; at most 300. */
  maxMegapixels?: number;
}

/**
 * The limit that holds.
 * @throws RfclipError (`RFCLIP-OPTIONS`) for one that is not above 0 and at most 300
 */
function maxMegapixelsOf({ maxMegapixels = DEFAULT_MAX_MEGAPIXELS }: ImageLimits): number {
  if (typeof maxMegapixels === 'number' && maxMegapixels > 0 && maxMegapixels <= HIGHEST_MAX_MEGAPIXELS)
    return maxMegapixels;
  throw new RfclipError(
    `maxMegapixels is ${String(maxMegapixels)}, expected a number above 0 and at most ${HIGHEST_MAX_MEGAPIXELS}`,
    { code: 'RFCLIP-OPTIONS', where: 'maxMegapixels' },
  );
}

/**
 * Checks the size a header claims.
 *
 * @throws ImageError for a zero side or more than `maxMegapixels` million pixels
 */
export function checkPictureSize(width: number, height: number, name: string, limits: ImageLimits = {}): void {
  const maxMegapixels = maxMegapixelsOf(limits);
  if (width === 0 || height === 0) {
    throw new ImageError(name, `claims a size of ${width} x ${height} pixels, but both sides must be at least 1`);
  }
  if (width * height <= maxMegapixels * 1e6) return;
  const canBeRaised = width * height <= HIGHEST_MAX_MEGAPIXELS * 1e6;
  throw new ImageError(name, `has ${width} x ${height} pixels, more than the limit of ${maxMegapixels} megapixels`, {
    fix: canBeRaised
      ? `raise the limit, with --max-megapixels ${HIGHEST_MAX_MEGAPIXELS} or the option maxMegapixels`
      : 'make the picture smaller first, or cut it into parts',
  });
}
