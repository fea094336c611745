import { decodeInBrowser } from '../clip/image/decodeInBrowser.ts';
import { type Drawable, drawnPixels } from '../clip/image/drawnPixels.ts';
import { ImageError } from '../clip/image/imageError.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import { type Picture, pictureInMemory, type PictureNeeds } from '../clip/image/picture.ts';
import type { DecodedImage } from '../clip/image/types.ts';
import { describe } from './describe.ts';
import type { ImageInput } from './images.ts';
import { type PixelImage, rgbOf } from './pixels.ts';

/**
 * What an input is called in errors and results.
 * @param index of the input among several, for those that have no name
 */
export function nameOfImage(image: ImageInput, index?: number): string {
  const { name } = Object(image) as { name?: unknown };
  if (image instanceof Blob && typeof name === 'string' && name !== '') return name;
  return index === undefined ? 'the image' : `image ${index + 1}`;
}

/**
 * Reads whatever an input stands for, as uint8 RGB [height, width, 3]. Bytes, pixels and canvases are read before this
 * returns its promise.
 * @throws ImageError for what is no picture, or none that this browser decodes
 */
export async function loadImage(image: ImageInput, name: string, limits: ImageLimits): Promise<DecodedImage> {
  // Not `instanceof`, which is false for arrays of another window.
  const tag = Object.prototype.toString.call(image).slice(8, -1);
  if (image instanceof Blob) return decodeInBrowser(image, name, limits);
  if (tag === 'Uint8Array' || tag === 'ArrayBuffer')
    return decodeInBrowser(new Blob([image as BlobPart]), name, limits);
  if (/^(ImageBitmap|HTMLCanvasElement|OffscreenCanvas)$/.test(tag))
    return drawnPixels(image as Drawable, name, limits);
  if (image === null || typeof image !== 'object' || !('data' in image)) {
    throw new ImageError(
      name,
      `is ${describe(image)}, expected a File, a Blob, an ImageBitmap, a canvas, ImageData or the bytes of a picture`,
    );
  }
  return rgbOf(image as PixelImage, name, limits);
}

/** Reads what is needed of whatever an input stands for. @throws as `loadImage` */
export async function loadPicture(image: ImageInput, name: string, needs: PictureNeeds): Promise<Picture> {
  const { notices, ...rgb } = await loadImage(image, name, needs);
  return pictureInMemory(rgb, notices, needs);
}
