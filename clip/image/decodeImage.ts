import { applyOrientation } from './applyOrientation.ts';
import { decodeBmp } from './decodeBmp.ts';
import { decodeGif } from './decodeGif.ts';
import { decodeJpeg } from './decodeJpeg.ts';
import { decodePng } from './decodePng.ts';
import { decodeWebp } from './decodeWebp.ts';
import { ImageError } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import { describeContent, READABLE_FORMATS, sniffFormat, wayOut } from './sniff.ts';
import type { DecodedImage, StoredImage } from './types.ts';

/**
 * Decodes a PNG, JPEG, WebP, BMP or GIF file held in memory to upright RGB with the pixels of
 * `cv2.imread(path, cv2.IMREAD_COLOR)`; of an animation, its first picture. The content decides about the format, never
 * the name.
 *
 * @param bytes the whole file
 * @param name how errors and notices call it
 * @param limits how large it may be
 * @returns `[H,W,3]` uint8 RGB, and notices to pass on to the user
 * @throws ImageError for any other content, and for damaged, truncated or too large pictures
 */
export function decodeImage(bytes: Uint8Array, name: string, limits: ImageLimits = {}): DecodedImage {
  const { orientation, notices, ...stored } = decodeStored(bytes, name, limits);
  return { ...applyOrientation(stored, orientation), notices };
}

/** The same, but as stored: not turned upright. @throws as `decodeImage` */
export function decodeStored(bytes: Uint8Array, name: string, limits: ImageLimits): StoredImage {
  switch (sniffFormat(bytes)) {
    case 'png':
      return decodePng(bytes, name, limits);
    case 'jpeg':
      return decodeJpeg(bytes, name, limits);
    case 'webp':
      return decodeWebp(bytes, name, limits);
    case 'bmp':
      return decodeBmp(bytes, name, limits);
    case 'gif':
      return decodeGif(bytes, name, limits);
    case 'unknown':
      throw notReadable(bytes, name);
  }
}

/** The error of a file that holds no picture that can be read. */
export function notReadable(bytes: Uint8Array, name: string): ImageError {
  return new ImageError(name, `${describeContent(bytes)}; expected ${READABLE_FORMATS}`, { fix: wayOut(bytes) });
}
