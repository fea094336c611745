import { readImage } from '../../clip/image/readImage.ts';
import { type NormalisedImage, prepareImage } from '../../rfclip/prepareImage.ts';
import { checkSameSize, type GroundTruth, readGroundTruth } from '../../datasets/labels.ts';
import type { ImagePair } from '../../datasets/pairs.ts';
import { decodeMemoryError, isOutOfMemory } from './decodeMemory.ts';

/** How a data set's files become the network's input. */
export interface PairSettings {
  /** Bounds of the network's image size in pixels: long side, short side. */
  resize: readonly [number, number];
  reduceZeroLabel: boolean;
}

/** An image ready for the network, with its labels. */
export interface PreparedPair {
  input: NormalisedImage;
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

async function decodePair(pair: ImagePair, { resize, reduceZeroLabel }: PairSettings): Promise<PreparedPair> {
  const image = await readImage(pair.image);
  const truth = await readGroundTruth(pair.label, { reduceZeroLabel });
  checkSameSize(
    { name: pair.image, width: image.width, height: image.height },
    { name: pair.label, width: truth.width, height: truth.height },
  );
  return {
    input: prepareImage(image, resize),
    width: image.width,
    height: image.height,
    truth,
    notices: [...image.notices, ...truth.notices],
  };
}
