import type { ImageLimits } from '../../clip/image/limits.ts';
import { readPicture } from '../../clip/image/readPicture.ts';
import type { RgbImage } from '../../clip/image/types.ts';
import { networkSize, stretchNotices } from '../../rfclip/prepareImage.ts';
import { checkSameSize, type GroundTruth, readGroundTruth } from '../../datasets/labels.ts';
import { pictureSize } from '../../datasets/pictureSize.ts';
import type { ImagePair } from '../../datasets/pairs.ts';
import { decodeMemoryError, isOutOfMemory } from './decodeMemory.ts';

/** How an image's file becomes the network's input. */
export interface ImageSettings extends ImageLimits {
  /** Bounds of the network's image size in pixels: long side, short side. */
  resize: readonly [number, number];
  /** Leave pictures as they are stored, whatever their Exif orientation says. Default: turn them upright. */
  ignoreExif?: boolean;
  /** Pixels that a side of the network's image must have at least. Default: 1. */
  leastSide?: number;
}

/** How a data set's files become the network's input. */
export interface PairSettings extends ImageSettings {
  reduceZeroLabel: boolean;
  /** Class by value of the label files, where they hold other values. */
  labelMap?: Readonly<Record<string, number>>;
}

/** An image ready for the network. */
export interface PreparedImage {
  /** Pixels of the network's size. */
  input: RgbImage;
  /** Of the image file, in pixels. */
  width: number;
  height: number;
  /** Sentences for the user about what was made of a damaged image. */
  notices: string[];
}

/** The same with its labels, a map of the image file's size. */
export interface PreparedPair extends PreparedImage {
  truth: GroundTruth;
}

/** Prepares a pair, here or elsewhere; rejects as `preparePair` throws. */
export type PairLoader = (pair: ImagePair, settings: PairSettings) => Promise<PreparedPair>;

/**
 * Reads an image and its label map, and resizes the image.
 * @throws ImageError for a file that is missing, damaged or no picture; DatasetError for a label above 255 or a label
 *   map of another size than its image; RfclipError where there is no memory for their pixels
 */
export function preparePair(pair: ImagePair, settings: PairSettings): Promise<PreparedPair> {
  return withinMemory(pair.image, () => decodePair(pair, settings));
}

/** `preparePair` for the path of an image without labels. @throws as there */
export function prepareImage(path: string, settings: ImageSettings): Promise<PreparedImage> {
  return withinMemory(path, () => decodeImage(path, settings));
}

async function withinMemory<Result>(image: string, decode: () => Promise<Result>): Promise<Result> {
  try {
    return await decode();
  } catch (error) {
    throw isOutOfMemory(error) ? decodeMemoryError(image, error) : error;
  }
}

async function decodePair(pair: ImagePair, settings: PairSettings): Promise<PreparedPair> {
  const { reduceZeroLabel, labelMap, ignoreExif, maxMegapixels } = settings;
  const image = await decodeImage(pair.image, settings);
  const truth = await readGroundTruth(pair.label, { reduceZeroLabel, labelMap, maxMegapixels });
  const { width, height } = image;
  const sizeOfFile = { name: pair.image, width, height };
  const isOther = width !== truth.width || height !== truth.height;
  const turned = isOther && ignoreExif !== true ? await pictureSize(pair.image, { maxMegapixels }) : {};
  checkSameSize({ ...turned, ...sizeOfFile }, { name: pair.label, width: truth.width, height: truth.height });
  return { ...image, truth, notices: [...image.notices, ...truth.notices] };
}

async function decodeImage(path: string, settings: ImageSettings): Promise<PreparedImage> {
  const { resize, leastSide = 1, ignoreExif, maxMegapixels } = settings;
  const { resized, width, height, notices } = await readPicture(path, path, {
    resizeTo: (fullWidth, fullHeight) => networkSize(fullWidth, fullHeight, resize, leastSide),
    shown: false,
    ignoreExif,
    maxMegapixels,
  });
  const stretched = stretchNotices(width, height, resize, leastSide).map((notice) => `${path}: ${notice}`);
  return { input: resized, width, height, notices: [...notices, ...stretched] };
}
