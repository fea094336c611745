// Pictures are decoded as everywhere in Node; there is a second version for browsers, which decode some otherwise.
import { decodeImage } from '../../clip/image/decodeImage.ts';
import type { DecodedImage } from '../../clip/image/types.ts';

/** Why a recorded picture cannot be compared here; undefined where it can. */
export function lackForPicture(_bytes: Uint8Array, _file: string): string | undefined {
  return undefined;
}

/** A recorded picture. @throws ImageError */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<DecodedImage> {
  return decodeImage(bytes, file);
}
