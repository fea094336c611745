import { decodeJpeg } from './decodeJpeg.ts';
import { decodePng } from './decodePng.ts';
import { ImageError } from './imageError.ts';
import { describeContent, sniffFormat } from './sniff.ts';
import type { ImageLimits } from './limits.ts';
import type { DecodedImage } from './types.ts';

/**
 * Decodes a PNG or JPEG file held in memory to upright RGB with the pixels of `cv2.imread(path, cv2.IMREAD_COLOR)`.
 * The content decides about the format, never the name.
 *
 * @param bytes the whole file
 * @param name how errors and notices call it
 * @returns `[H,W,3]` uint8 RGB, and notices to pass on to the user
 * @throws ImageError for any other content, and for damaged, truncated or too large pictures
 */
export function decodeImage(bytes: Uint8Array, name: string, limits: ImageLimits = {}): DecodedImage {
  switch (sniffFormat(bytes)) {
    case 'png':
      return decodePng(bytes, name, limits);
    case 'jpeg':
      return decodeJpeg(bytes, name, limits);
    case 'unknown':
      throw new ImageError(name, `${describeContent(bytes)}; expected a PNG or JPEG picture`);
  }
}
