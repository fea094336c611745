import { applyOrientation } from './applyOrientation.ts';
import { bareJpeg } from './bareJpeg.ts';
import { blobBytes } from './blobBytes.ts';
import { decodeBmp } from './decodeBmp.ts';
import { decodeGif } from './decodeGif.ts';
import { decodePng } from './decodePng.ts';
import { drawnPixels } from './drawnPixels.ts';
import { ImageError, reasonOf } from './imageError.ts';
import { readJpegHeader } from './jpegHeader.ts';
import type { ImageLimits } from './limits.ts';
import { describeContent, HEAD_BYTES, READABLE_FORMATS, sniffFormat, wayOut } from './sniff.ts';
import type { DecodedImage, StoredImage } from './types.ts';
import { onCanvas, readWebpFile } from './webpFile.ts';

/**
 * Decodes a file to upright RGB. PNG, BMP and GIF are decoded as in Node, bit for bit. Of JPEG and WebP the browser
 * decodes the samples only, and of whatever else it knows all.
 * @throws ImageError for what cannot be decoded, and for what is too large
 */
export async function decodeInBrowser(file: Blob, name: string, limits: ImageLimits): Promise<DecodedImage> {
  const head = await blobBytes(file.slice(0, HEAD_BYTES), name);
  if (sniffFormat(head) === 'unknown') {
    const expected = `it ${describeContent(head)}; expected ${READABLE_FORMATS}`;
    return decodeByBrowser(file, name, limits, () => ({ reason: expected, fix: wayOut(head) }));
  }
  const { orientation, notices, ...stored } = await decodeStored(await blobBytes(file, name), name, limits);
  return { ...applyOrientation(stored, orientation), notices };
}

function decodeStored(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  limits: ImageLimits,
): StoredImage | Promise<StoredImage> {
  switch (sniffFormat(bytes)) {
    case 'png':
      return decodePng(bytes, name, limits);
    case 'bmp':
      return decodeBmp(bytes, name, limits);
    case 'gif':
      return decodeGif(bytes, name, limits);
    case 'webp':
      return decodeWebp(bytes, name, limits);
    default:
      return decodeJpeg(bytes, name, limits);
  }
}

async function decodeJpeg(bytes: Uint8Array<ArrayBuffer>, name: string, limits: ImageLimits): Promise<StoredImage> {
  const { orientation, ended } = readJpegHeader(bytes, name, limits);
  // Browsers fill in what is missing, and do not say so.
  if (!ended)
    throw new ImageError(name, `is a truncated JPEG picture: its ${bytes.length} bytes lack an end marker`, {
      fix: 'copy or download the file again',
    });
  return { ...(await decodeByBrowser(blobOf(bareJpeg(bytes), 'image/jpeg'), name, limits)), orientation };
}

async function decodeWebp(bytes: Uint8Array, name: string, limits: ImageLimits): Promise<StoredImage> {
  const file = readWebpFile(bytes, name, limits);
  const { width, height, orientation } = file;
  const { data } = await decodeByBrowser(blobOf(file.alone(), 'image/webp'), name, limits);
  return { width, height, data: onCanvas(data, 3, file), orientation, notices: [] };
}

/** Of one part, because Firefox decodes no JPEG of several. */
function blobOf(bytes: Uint8Array, type: string): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
}

/** @param explain what is said in place of the browser's reason */
async function decodeByBrowser(
  file: Blob,
  name: string,
  limits: ImageLimits,
  explain: (reason: string) => { reason: string; fix?: string } = (reason) => ({ reason }),
): Promise<DecodedImage> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch (cause) {
    const { reason, fix } = explain(reasonOf(cause));
    throw new ImageError(name, `cannot be decoded by this browser: ${reason}`, { cause, fix });
  }
  try {
    return drawnPixels(bitmap, name, limits);
  } finally {
    bitmap.close();
  }
}
