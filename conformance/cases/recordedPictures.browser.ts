import { decodeInBrowser } from '../../clip/image/decodeInBrowser.ts';
import { readJpegHeader } from '../../clip/image/jpegHeader.ts';
import { sniffFormat } from '../../clip/image/sniff.ts';
import type { DecodedImage } from '../../clip/image/types.ts';

/** Why a recorded picture cannot be compared here; undefined where it can. @throws ImageError for a damaged one */
export function lackForPicture(bytes: Uint8Array, file: string): string | undefined {
  if (sniffFormat(bytes) === 'jpeg' && readJpegHeader(bytes, file).components === 4)
    return 'browsers make RGB of CMYK in ways of their own';
  return undefined;
}

/** A recorded picture, as it is decoded in pages. @throws ImageError */
export function decodePicture(bytes: Uint8Array, file: string): Promise<DecodedImage> {
  return decodeInBrowser(new Blob([new Uint8Array(bytes)]), file, {});
}
