import type { ImageLimits } from '../../clip/image/limits.ts';
import { readPicture } from '../../clip/image/readPicture.ts';
import type { RgbImage } from '../../clip/image/types.ts';
import { networkSize, stretchNotices } from '../../rfclip/prepareImage.ts';
import { checkSameSize, type GroundTruth, readGroundTruth } from '../../datasets/labels.ts';
import { pictureSize } from '../../datasets/pictureSize.ts';
import type { ImagePair } from '../../datasets/pairs.ts';
import { decodeMemoryError, isOutOfMemory } from './decodeMemory.ts';

/** How a data set's files become the network's input. */
export interface PairSettings extends ImageLimits {
  /** Bounds of the network's image size in pixels: long side, short side. */
  resize: readonly [number, number];
  reduceZeroLabel: boolean;
  /** Class by value of the label files, where they hold other values. */
  labelMap?: Readonly<Record<string, number>>;
  /** Leave pictures as they are stored, whatever their Exif orientation says. Default: turn them upright. */
  ignoreExif?: boolean;
  /** Pixels that a side of the network's image must have at least. Default: 1. */
  leastSide?: number;
}

/** An image ready for the network, with its labels. */
export interface PreparedPair {
  /** Pixels of the network's size. */
  input: RgbImage;
  /** Of the image file and of the label map, in pixels. */
  width: number;
  height: number;
  truth: GroundTruth;
  /** Sentences for the user about what was made of a damaged image. */
  notices: string[];
}

/** Prepares a pair, here or elsewhere; rejects as `preparePair` throws. */
export type PairLoader = (pair: ImagePair, settings: PairSettings) => Promise<PreparedPair>;

/**
 * Reads an image and its label map, and resizes and normalises the image.
 * @throws ImageError for a file that is missing, damaged or no picture; DatasetError for a label above 255 or a label
 *   map of another size than its image; RfclipError where there is no memory for their pixels
 */
export async function preparePair(pair: ImagePair, settings: PairSettings): Promise<PreparedPair> {
  try {
    return await decodePair(pair, settings);
  } catch (error) {
    throw isOutOfMemory(error) ? decodeMemoryError(pair.image, error) : error;
  }
}

async function decodePair(pair: ImagePair, settings: PairSettings): Promise<PreparedPair> {
  const { resize, reduceZeroLabel, labelMap, leastSide = 1, ignoreExif, maxMegapixels } = settings;
  const image = await readPicture(pair.image, pair.image, {
    resizeTo: (width, height) => networkSize(width, height, resize, leastSide),
    shown: false,
    ignoreExif,
    maxMegapixels,
  });
  const truth = await readGroundTruth(pair.label, { reduceZeroLabel, labelMap, maxMegapixels });
  const { width, height } = image;
  const sizeOfFile = { name: pair.image, width, height };
  const isOther = width !== truth.width || height !== truth.height;
  const turned = isOther && ignoreExif !== true ? await pictureSize(pair.image, { maxMegapixels }) : {};
  checkSameSize({ ...turned, ...sizeOfFile }, { name: pair.label, width: truth.width, height: truth.height });
  return {
    input: image.resized,
    width,
    height,
    truth,
    notices: [
      ...image.notices,
      ...stretchNotices(image.width, image.height, resize, leastSide).map((notice) => `${pair.image}: ${notice}`),
      ...truth.notices,
    ],
  };
}
