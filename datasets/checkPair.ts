import { ImageError } from '../clip/image/imageError.ts';
import { readJpegHeader } from '../clip/image/jpegHeader.ts';
import { readBmpHeader } from '../clip/image/bmpHeader.ts';
import { notReadable } from '../clip/image/decodeImage.ts';
import { readGifFile } from '../clip/image/gifFile.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import { PngFile } from '../clip/image/pngFile.ts';
import { PNG_GREY, PNG_PALETTE } from '../clip/image/pngHeader.ts';
import { isPng, visitPngLines } from '../clip/image/pngRows.ts';
import { readImageFile, withImageFile } from '../clip/image/readImage.ts';
import { uprightSize } from '../clip/image/rowSink.ts';
import { describeContent, sniffFormat } from '../clip/image/sniff.ts';
import { readWebpFile } from '../clip/image/webpFile.ts';
import { DatasetError } from './datasetError.ts';
import { checkSameSize } from './labels.ts';
import type { ImagePair } from './pairs.ts';

/** Width and height as decoding would give them. */
interface Size {
  width: number;
  height: number;
}

/**
 * What is wrong with the files of a pair, without decoding their pixels: unreadable or truncated files, a label map
 * with colours, two sizes. A sentence each, none for a sound pair. PNG data is unpacked and its checksums compared;
 * damage inside of a JPEG file that has its end shows only when it is decoded.
 */
export async function checkPair({ image, label }: ImagePair, limits: ImageLimits = {}): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async <Result>(look: () => Promise<Result> | Result): Promise<Result | undefined> => {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof ImageError) && !(error instanceof DatasetError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const imageSize = await attempt(() => pictureSize(image, limits));
  const labelSize = await attempt(() => labelMapSize(label, limits));
  if (imageSize !== undefined && labelSize !== undefined)
    await attempt(() => checkSameSize({ name: image, ...imageSize }, { name: label, ...labelSize }));
  return problems;
}

async function pictureSize(path: string, limits: ImageLimits): Promise<Size> {
  const png = await checkPng(path, limits);
  if (png !== undefined) return uprightSize({ ...png.header, orientation: png.orientation });
  const bytes = await readImageFile(path);
  switch (sniffFormat(bytes)) {
    case 'jpeg': {
      const header = readJpegHeader(bytes, path, limits);
      if (!header.ended)
        throw new ImageError(path, `is a truncated JPEG picture: its ${bytes.length} bytes lack an end marker`);
      return uprightSize(header);
    }
    case 'webp':
      return uprightSize(readWebpFile(bytes, path, limits));
    case 'bmp':
      return readBmpHeader(bytes, path, limits);
    case 'gif':
      return readGifFile(bytes, path, limits);
    default:
      throw notReadable(bytes, path);
  }
}

async function labelMapSize(path: string, limits: ImageLimits): Promise<Size> {
  const png = await checkPng(path, limits);
  if (png === undefined)
    throw new ImageError(path, `${describeContent(await readImageFile(path))}; expected a PNG label map`);
  const { width, height, colourType } = png.header;
  if (colourType !== PNG_PALETTE && colourType !== PNG_GREY)
    throw new ImageError(path, 'is a PNG picture with colour or alpha channels; expected a label map');
  return { width, height };
}

/** Reads a PNG file to its end, line by line, so that none is too large. @returns undefined for another file */
function checkPng(path: string, limits: ImageLimits): Promise<PngFile | undefined> {
  return withImageFile(path, async ({ source }) => {
    if (!isPng(source)) return undefined;
    const file = new PngFile(source, path, limits);
    await visitPngLines(file, source, path, () => {});
    return file;
  });
}
