import { ImageError } from '../clip/image/imageError.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import { PNG_GREY, PNG_PALETTE } from '../clip/image/pngHeader.ts';
import { readImageFile } from '../clip/image/readImage.ts';
import { describeContent } from '../clip/image/sniff.ts';
import { DatasetError } from './datasetError.ts';
import { checkSameSize } from './labels.ts';
import type { ImagePair } from './pairs.ts';
import { checkPng, type PictureSize, pictureSize } from './pictureSize.ts';

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

async function labelMapSize(path: string, limits: ImageLimits): Promise<PictureSize> {
  const png = await checkPng(path, limits);
  if (png === undefined)
    throw new ImageError(path, `${describeContent(await readImageFile(path))}; expected a PNG label map`);
  const { width, height, colourType } = png.header;
  if (colourType !== PNG_PALETTE && colourType !== PNG_GREY)
    throw new ImageError(path, 'is a PNG picture with colour or alpha channels; expected a label map');
  return { width, height };
}
