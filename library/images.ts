import { fileURLToPath } from 'node:url';
import { decodeImage } from '../clip/image/decodeImage.ts';
import { ImageError } from '../clip/image/imageError.ts';
import { checkPictureSize } from '../clip/image/limits.ts';
import { readImage } from '../clip/image/readImage.ts';
import type { DecodedImage } from '../clip/image/types.ts';

/** Pixels in memory: row-major RGB or RGBA (alpha is dropped), 3 or 4 bytes a pixel, as `ImageData` has them. */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A picture: a path or a `file:` URL, the bytes of a PNG or JPEG file, or pixels. */
export type ImageInput = string | { readonly href: string } | Uint8Array | ArrayBuffer | PixelImage;

/**
 * What an input is called in errors, results and reports.
 * @param index of the input among several, for those that have no name
 */
export function nameOfImage(image: ImageInput, index?: number): string {
  if (typeof image === 'string') return image.startsWith('file:') ? fileURLToPath(image) : image;
  if (image !== null && typeof image === 'object' && 'href' in image) return fileURLToPath(image.href);
  return index === undefined ? 'the image' : `image ${index + 1}`;
}

/**
 * Reads whatever an input stands for, as uint8 RGB [height, width, 3].
 *
 * @throws ImageError for a file or bytes that cannot be read or decoded, or pixels that do not fill their size
 */
export async function loadImage(image: ImageInput, name: string): Promise<DecodedImage> {
  if (typeof image === 'string' || (image !== null && typeof image === 'object' && 'href' in image)) {
    return readImage(name);
  }
  if (image instanceof ArrayBuffer) return decodeImage(new Uint8Array(image), name);
  if (image instanceof Uint8Array) return decodeImage(image, name);
  if (image === null || typeof image !== 'object' || !('data' in image)) {
    throw new ImageError(name, `is ${describe(image)}, expected a path, the bytes of a file, or pixels`);
  }
  return rgbOf(image, name);
}

function rgbOf({ width, height, data }: PixelImage, name: string): DecodedImage {
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height)) {
    throw new ImageError(name, `claims a size of ${width} x ${height} pixels, expected whole numbers`);
  }
  checkPictureSize(width, height, name);
  const pixels = width * height;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new ImageError(name, `has ${describe(data)} for pixels, expected a Uint8Array or a Uint8ClampedArray`);
  }
  if (data.length !== 3 * pixels && data.length !== 4 * pixels) {
    throw new ImageError(
      name,
      `has ${data.length} bytes for ${width} x ${height} pixels, expected ${3 * pixels} (RGB) or ${4 * pixels} (RGBA)`,
    );
  }
  if (data.length === 3 * pixels) return { width, height, data: Uint8Array.from(data), notices: [] };
  const rgb = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    rgb[3 * i] = data[4 * i];
    rgb[3 * i + 1] = data[4 * i + 1];
    rgb[3 * i + 2] = data[4 * i + 2];
  }
  return { width, height, data: rgb, notices: [] };
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const kind = typeof value === 'object' ? value.constructor?.name : undefined;
  return kind === undefined ? `a ${typeof value}` : `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
