import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { decodeImage } from '../clip/image/decodeImage.ts';
import { ImageError, reasonOf } from '../clip/image/imageError.ts';
import { checkPictureSize, type ImageLimits } from '../clip/image/limits.ts';
import { readImage } from '../clip/image/readImage.ts';
import { type Picture, pictureInMemory, type PictureNeeds, readPicture } from '../clip/image/readPicture.ts';
import type { DecodedImage } from '../clip/image/types.ts';

/** Pixels in memory: row-major RGB or RGBA (alpha is dropped), 3 or 4 bytes a pixel, as `ImageData` has them. */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A picture: a path or a `file:` URL, the bytes of a PNG, JPEG, WebP, BMP or GIF file, or pixels. */
export type ImageInput = string | { readonly href: string } | Uint8Array | ArrayBuffer | PixelImage;

/** Addresses of the network, and content in the disguise of one. A drive of Windows has one letter. */
const NOT_A_PATH = /^(?:[a-z][a-z\d+.-]+:\/\/|data:|blob:)/i;

/** Longest part of an address that an error repeats: `data:` may hold a whole picture. */
const QUOTED_LENGTH = 80;

/**
 * What an input is called in errors, results and reports.
 * @param index of the input among several, for those that have no name
 * @throws ImageError for an address that stands for no file
 */
export function nameOfImage(image: ImageInput, index?: number): string {
  const name = typeof image === 'string' ? image : hrefOf(image);
  if (name === undefined) return index === undefined ? 'the image' : `image ${index + 1}`;
  const quoted = name.length > QUOTED_LENGTH ? `${name.slice(0, QUOTED_LENGTH)}...` : name;
  if (/^file:/i.test(name)) {
    try {
      return fileURLToPath(name);
    } catch (cause) {
      throw new ImageError(quoted, `stands for no file of this machine (${reasonOf(cause)})`, { cause });
    }
  }
  if (!NOT_A_PATH.test(name)) return name;
  throw new ImageError(quoted, 'is an address, which is not fetched; expected a path or the bytes of a picture file');
}

/**
 * Reads whatever an input stands for, as uint8 RGB [height, width, 3]. Bytes and pixels are read before this returns
 * its promise, so that the caller may use their memory for something else; it is not changed.
 *
 * @throws ImageError for a file or bytes that cannot be read or decoded, or pixels that do not fill their size
 */
export async function loadImage(image: ImageInput, name: string, limits: ImageLimits): Promise<DecodedImage> {
  const source = sourceOf(image, name);
  if (typeof source === 'string') return readImage(source, limits);
  return source instanceof Uint8Array ? decodeImage(source, name, limits) : rgbOf(source, name, limits);
}

/**
 * Reads what is needed of whatever an input stands for, as `readPicture` does.
 * @throws as `loadImage`
 */
export async function loadPicture(image: ImageInput, name: string, needs: PictureNeeds): Promise<Picture> {
  const source = sourceOf(image, name);
  if (typeof source === 'string' || source instanceof Uint8Array) return readPicture(source, name, needs);
  return pictureInMemory(rgbOf(source, name, needs), [], needs);
}

/** The path, the bytes or the pixels that an input is. @throws ImageError for anything else */
function sourceOf(image: ImageInput, name: string): string | Uint8Array | PixelImage {
  if (typeof image === 'string' || hrefOf(image) !== undefined) return name;
  // Not `instanceof`, which is false for arrays of another realm, as test runners make them.
  if (types.isAnyArrayBuffer(image)) return new Uint8Array(image);
  if (types.isUint8Array(image)) return new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
  if (image === null || typeof image !== 'object' || !('data' in image)) {
    throw new ImageError(
      name,
      `is ${describe(image)}, expected a path, the bytes of a picture file, or { width, height, data }`,
    );
  }
  return image;
}

/** What a value is, with its article, for sentences about values that are something else than was expected. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const kind = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
  return `${/^[AEIOaeio]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

function hrefOf(image: Exclude<ImageInput, string>): string | undefined {
  const isUrl = image !== null && typeof image === 'object' && 'href' in image && typeof image.href === 'string';
  return isUrl ? image.href : undefined;
}

function rgbOf({ width, height, data }: PixelImage, name: string, limits: ImageLimits): DecodedImage {
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width >= 0 && height >= 0)) {
    throw new ImageError(name, `claims a size of ${width} x ${height} pixels, expected whole numbers of at least 1`);
  }
  checkPictureSize(width, height, name, limits);
  const pixels = width * height;
  if (!types.isUint8Array(data) && !types.isUint8ClampedArray(data)) {
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
