import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { decodeImage } from '../clip/image/decodeImage.ts';
import { ImageError, reasonOf } from '../clip/image/imageError.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import { readImage } from '../clip/image/readImage.ts';
import { type Picture, pictureInMemory, type PictureNeeds } from '../clip/image/picture.ts';
import { readPicture } from '../clip/image/readPicture.ts';
import type { DecodedImage } from '../clip/image/types.ts';
import type { Declared } from '../engine/gpuTypes.ts';
import { describe } from './describe.ts';
import { type PixelImage, rgbOf } from './pixels.ts';

/**
 * A picture: a path or a `file:` URL, the bytes of a PNG, JPEG, WebP, BMP or GIF file, or pixels. In a browser, there
 * are no paths, but a Blob or File, an ImageBitmap and a canvas are pictures, too.
 */
export type ImageInput = string | { readonly href: string } | Uint8Array | ArrayBuffer | PixelImage | BrowserImage;

type BrowserImage = Declared<'Blob'> | Declared<'ImageBitmap'> | Declared<'HTMLCanvasElement'> | OffscreenImage;
type OffscreenImage = Declared<'OffscreenCanvas'>;

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

function hrefOf(image: Exclude<ImageInput, string>): string | undefined {
  const isUrl = image !== null && typeof image === 'object' && 'href' in image && typeof image.href === 'string';
  return isUrl ? image.href : undefined;
}
