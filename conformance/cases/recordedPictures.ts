// Pictures are decoded as everywhere in Node; there is a second version for browsers, which decode them otherwise.
import { decodeImage } from '../../clip/image/decodeImage.ts';
import { decodeLabelMap } from '../../clip/image/readLabelMap.ts';
import type { DecodedImage } from '../../clip/image/types.ts';

/** Why a recorded picture cannot be compared here; undefined where it can. */
export function lackForPicture(_bytes: Uint8Array, _file: string): string | undefined {
  return undefined;
}

/** A recorded picture. @throws ImageError */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<DecodedImage> {
  return decodeImage(bytes, file);
}

/** The labels of a recorded label map; undefined where nobody can tell them. @throws ImageError */
export function decodeLabels(bytes: Uint8Array, file: string): ArrayLike<number> | undefined {
  return decodeLabelMap(bytes, file).data;
}
