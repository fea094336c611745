import { decodeInBrowser } from '../../clip/image/decodeInBrowser.ts';
import type { DecodedImage } from '../../clip/image/types.ts';

/** In the header of a PNG: the byte that says of what its samples are, and the values with transparency among them. */
const COLOUR_TYPE = 25;
const WITH_ALPHA = [4, 6];

/** Why a recorded picture cannot be compared here; undefined where it can. */
export function lackForPicture(bytes: Uint8Array): string | undefined {
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50;
  return isPng && WITH_ALPHA.includes(bytes[COLOUR_TYPE])
    ? 'browsers lose the colours of transparent pixels'
    : undefined;
}

/** A recorded picture, with the browser's decoder. @throws ImageError */
export async function decodePicture(bytes: Uint8Array, file: string): Promise<DecodedImage> {
  const { width, height, data: rgba } = await decodeInBrowser(new Blob([new Uint8Array(bytes)]), file, {});
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) data.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, data, notices: [] };
}

/** Nothing: browsers show the colours of a palette only. */
export function decodeLabels(): undefined {}
