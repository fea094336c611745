import { dropAlpha } from '../clip/image/dropAlpha.ts';
import { ImageError } from '../clip/image/imageError.ts';
import { checkPictureSize, type ImageLimits } from '../clip/image/limits.ts';
import type { DecodedImage } from '../clip/image/types.ts';
import { describe } from './describe.ts';

/** Pixels in memory: row-major RGB or RGBA (alpha is dropped), 3 or 4 bytes a pixel, as `ImageData` has them. */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * Pixels as uint8 RGB [height, width, 3], a copy.
 * @throws ImageError for pixels that do not fill their size, or are too many
 */
export function rgbOf(image: PixelImage, name: string, limits: ImageLimits): DecodedImage {
  const { width, height, data } = image;
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width >= 0 && height >= 0)) {
    const [found, above] = [width, height].map((side: unknown) => (typeof side === 'string' ? `"${side}"` : side));
    const fix = 'info' in image ? 'give { width: info.width, height: info.height, data }' : undefined;
    throw new ImageError(name, `claims a size of ${found} x ${above} pixels, expected whole numbers of at least 1`, {
      fix,
    });
  }
  checkPictureSize(width, height, name, limits);
  const pixels = width * height;
  if (!isBytes(data)) {
    throw new ImageError(name, `has ${describe(data)} for pixels, expected a Uint8Array or a Uint8ClampedArray`);
  }
  if (data.length !== 3 * pixels && data.length !== 4 * pixels) {
    throw new ImageError(
      name,
      `has ${data.length} bytes for ${width} x ${height} pixels, expected ${3 * pixels} (RGB) or ${4 * pixels} (RGBA)`,
    );
  }
  if (data.length === 3 * pixels) return { width, height, data: Uint8Array.from(data), notices: [] };
  return { width, height, data: dropAlpha(data), notices: [] };
}

/** Not `instanceof`, which is false for arrays of another realm, as test runners make them. */
function isBytes(data: unknown): boolean {
  return /^\[object Uint8(Clamped)?Array\]$/.test(Object.prototype.toString.call(data));
}
