import { decodeInBrowser } from '../../clip/image/decodeInBrowser.ts';
import { readJpegHeader } from '../../clip/image/jpegHeader.ts';
import { PNG_GREY_ALPHA, readPngHeader } from '../../clip/image/pngHeader.ts';
import { sniffFormat } from '../../clip/image/sniff.ts';
import type { DecodedImage } from '../../clip/image/types.ts';

/** Where the content of a PNG's header is. */
const PNG_HEADER = [16, 29] as const;
/** Colour types with transparency: grey and colours. */
const WITH_ALPHA = [PNG_GREY_ALPHA, 6];

/** Why a recorded picture cannot be compared here; undefined where it can. @throws ImageError for a damaged one */
export function lackForPicture(bytes: Uint8Array, file: string): string | undefined {
  const format = sniffFormat(bytes);
  if (format === 'png' && WITH_ALPHA.includes(readPngHeader(bytes.subarray(...PNG_HEADER), file, {}).colourType))
    return 'browsers lose the colours of transparent pixels';
  if (format === 'jpeg' && readJpegHeader(bytes, file).components === 4)
    return 'browsers make RGB of CMYK in ways of their own';
  return undefined;
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
