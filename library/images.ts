import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { decodeImage } from '../clip/image/decodeImage.ts';
import { blobBytes } from '../clip/image/blobBytes.ts';
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
 * A picture: a path or a `file:` URL, a PNG, JPEG, WebP, BMP or GIF file as bytes, Blob or File, or pixels. In a
 * browser, there are no paths, but an ImageBitmap and a canvas are pictures, too.
 */
export type ImageInput = string | { readonly href: string } | Uint8Array | ArrayBuffer | PixelImage | BrowserImage;

type BrowserImage = Declared<'Blob'> | Declared<'ImageBitmap'> | Declared<'HTMLCanvasElement'> | OffscreenImage;
type OffscreenImage = Declared<'OffscreenCanvas'>;

/** Addresses of the network, and content in the disguise of one. A drive of Windows has one letter. */
const NOT_A_PATH = /^(?:[a-z][a-z\d+.-]+:\/\/|data:|blob:)/i;

/** Longest part of an address that an error repeats: `data:` may hold a whole picture. */
const QUOTED_LENGTH = 80;

/** Longer paths exist on no system; a text of this length is a picture in base64. */
const LONGEST_PATH = 4096;

const DECODE_BASE64 = "decode base64 first: Buffer.from(text, 'base64'), without the part up to the comma";

/**
 * What an input is called in errors, results and reports.
 * @param index of the input among several, for those that have no name
 * @throws ImageError for an address that stands for no file
 */
export function nameOfImage(image: ImageInput, index?: number): string {
  const name = typeof image === 'string' ? image : (hrefOf(image) ?? fileNameOf(image));
  if (name === undefined) return index === undefined ? 'the image' : `image ${index + 1}`;
  const quoted = name.length > QUOTED_LENGTH ? `${name.slice(0, QUOTED_LENGTH)}...` : name;
  if (isBlob(image as never)) return name;
  if (/^file:/i.test(name)) {
    try {
      return fileURLToPath(name);
    } catch (cause) {
      throw new ImageError(quoted, `stands for no file of this machine (${reasonOf(cause)})`, { cause });
    }
  }
  const isData = /^data:/i.test(name);
  if (NOT_A_PATH.test(name)) {
    const problem = 'is an address, which is not fetched; expected a path or the bytes of a picture file';
    const fetchFirst = 'fetch it first: await (await fetch(address)).arrayBuffer()';
    throw new ImageError(quoted, problem, { fix: isData ? DECODE_BASE64 : fetchFirst });
  }
  if (name.length > LONGEST_PATH) {
    const problem = `is a text of ${name.length} characters, too long for a path; expected the bytes of a picture file`;
    throw new ImageError(quoted, problem, { fix: DECODE_BASE64 });
  }
  if (name === '') throw new ImageError('""', 'does not exist, expected a picture file');
  return name;
}

/**
 * Reads whatever an input stands for, as uint8 RGB [height, width, 3]. Bytes and pixels are read before this returns
 * its promise, so that the caller may use their memory for something else; it is not changed.
 *
 * @throws ImageError for a file or bytes that cannot be read or decoded, or pixels that do not fill their size
 */
export async function loadImage(image: ImageInput, name: string, limits: ImageLimits): Promise<DecodedImage> {
  if (isBlob(image)) return loadImage(await blobBytes(image, name), name, limits);
  const source = sourceOf(image, name);
  if (typeof source === 'string') return readImage(source, limits);
  return source instanceof Uint8Array ? decodeImage(source, name, limits) : rgbOf(source, name, limits);
}

/**
 * Reads what is needed of whatever an input stands for, as `readPicture` does.
 * @throws as `loadImage`
 */
export async function loadPicture(image: ImageInput, name: string, needs: PictureNeeds): Promise<Picture> {
  if (isBlob(image)) return loadPicture(await blobBytes(image, name), name, needs);
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
      { fix: wayToBytes(image) },
    );
  }
  return image;
}

/** How to get a picture out of what has one: a promise, a response, a stream; undefined for anything else. */
function wayToBytes(image: unknown): string | undefined {
  const { then, arrayBuffer, pipe, getReader } = Object(image) as Record<string, unknown>;
  if (typeof then === 'function') return 'await it first';
  if (typeof arrayBuffer === 'function') return 'read it first: await response.arrayBuffer()';
  if (typeof pipe === 'function' || typeof getReader === 'function') {
    return "read it first: await buffer(stream), with buffer of 'node:stream/consumers'";
  }
  return undefined;
}

function isBlob(image: ImageInput): image is Declared<'Blob'> & { arrayBuffer: () => Promise<ArrayBuffer> } {
  return /^\[object (Blob|File)\]$/.test(Object.prototype.toString.call(image));
}

/** A File's own name; undefined where it has none. */
function fileNameOf(image: Exclude<ImageInput, string>): string | undefined {
  const { name } = Object(image) as { name?: unknown };
  return isBlob(image) && typeof name === 'string' && name !== '' ? name : undefined;
}

function hrefOf(image: Exclude<ImageInput, string>): string | undefined {
  const isUrl = image !== null && typeof image === 'object' && 'href' in image && typeof image.href === 'string';
  return isUrl ? image.href : undefined;
}
