import { ImageError } from '../clip/image/imageError.ts';
import { readJpegHeader } from '../clip/image/jpegHeader.ts';
import { readBmpHeader } from '../clip/image/bmpHeader.ts';
import { notReadable } from '../clip/image/decodeImage.ts';
import { readGifFile } from '../clip/image/gifFile.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import { PngFile } from '../clip/image/pngFile.ts';
import { isPng, visitPngLines } from '../clip/image/pngRows.ts';
import { readImageFile, withImageFile } from '../clip/image/readImage.ts';
import { type StoredSize, uprightSize } from '../clip/image/rowSink.ts';
import { sniffFormat } from '../clip/image/sniff.ts';
import { readWebpFile } from '../clip/image/webpFile.ts';

/** Width and height as decoding would give them. */
export interface PictureSize {
  width: number;
  height: number;
  /** Exif orientation by which it is turned; default: it is not. */
  orientation?: number;
}

/**
 * Width and height of a picture file, without decoding its pixels.
 * @throws ImageError for a file that is missing, unreadable, truncated or no picture
 */
export async function pictureSize(path: string, limits: ImageLimits): Promise<PictureSize> {
  const png = await checkPng(path, limits);
  if (png !== undefined) return upright({ ...png.header, orientation: png.orientation });
  const bytes = await readImageFile(path);
  switch (sniffFormat(bytes)) {
    case 'jpeg': {
      const header = readJpegHeader(bytes, path, limits);
      if (!header.ended)
        throw new ImageError(path, `is a truncated JPEG picture: its ${bytes.length} bytes lack an end marker`);
      return upright(header);
    }
    case 'webp':
      return upright(readWebpFile(bytes, path, limits));
    case 'bmp':
      return readBmpHeader(bytes, path, limits);
    case 'gif':
      return readGifFile(bytes, path, limits);
    default:
      throw notReadable(bytes, path);
  }
}

function upright(stored: StoredSize): PictureSize {
  return { ...uprightSize(stored), orientation: stored.orientation };
}

/** Reads a PNG file to its end, line by line, so that none is too large. @returns undefined for another file */
export function checkPng(path: string, limits: ImageLimits): Promise<PngFile | undefined> {
  return withImageFile(path, async ({ source }) => {
    if (!isPng(source)) return undefined;
    const file = new PngFile(source, path, limits);
    await visitPngLines(file, source, path, () => {});
    return file;
  });
}
