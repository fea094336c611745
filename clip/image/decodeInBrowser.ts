import { ImageError, reasonOf } from './imageError.ts';
import { checkPictureSize, type ImageLimits } from './limits.ts';

/** What browsers can draw. */
export type Drawable = ImageBitmap | HTMLCanvasElement | OffscreenCanvas;

/**
 * Decodes a file with the browser's decoder, upright, with its numbers as they are: colour profiles change nothing.
 * @throws ImageError for what it cannot decode, and for what is too large
 */
export async function decodeInBrowser(file: Blob, name: string, limits: ImageLimits): Promise<ImageData> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch (cause) {
    throw new ImageError(name, `cannot be decoded by this browser: ${reasonOf(cause)}`, { cause });
  }
  try {
    return drawn(bitmap, name, limits);
  } finally {
    bitmap.close();
  }
}

/** The pixels of what can be drawn. @throws ImageError for one that is too large */
export function drawn(image: Drawable, name: string, limits: ImageLimits): ImageData {
  const { width, height } = image;
  checkPictureSize(width, height, name, limits);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new ImageError(name, `has ${width} x ${height} pixels, more than this browser can draw`);
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height);
}
