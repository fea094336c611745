import type { ImageLimits } from '../clip/image/limits.ts';
import type { RgbImage } from '../clip/image/types.ts';
import { type ImageInput, loadPicture, nameOfImage } from '../library/images.ts';
import { partsOf } from '../library/segmenterParts.ts';
import { findMethod } from '../rfclip/methods/index.ts';
import { networkSize, stretchNotices } from '../rfclip/prepareImage.ts';
import type { Pixel } from './choosePoints.ts';
import { EXPLAINED_METHODS } from './defaultMethods.ts';
import { explainImage } from './explainImage.ts';
import type { Explanation } from './explanation.ts';

/** How to look into a run of a segmenter. */
export interface ExplainOptions extends ImageLimits {
  /** In pixels of the image; default: the middle of each found class. */
  points?: readonly Pixel[];
  /** Names of methods to set side by side; default: the segmenter's own, rfclip, rfclip-paper and clip. */
  methods?: readonly string[];
  /** Told after every step. */
  onProgress?: (progress: ExplainProgress) => void;
}

/** How far an explanation is, in steps. */
export interface ExplainProgress {
  done: number;
  total: number;
  /** What was done last. */
  text: string;
}

/**
 * Looks into what a segmenter does with an image: with its classes and settings, the image as one window.
 * @returns what the panels show, and the image as the network saw it
 * @throws ImageError; as `explainImage`
 */
export async function explainSegmenter(
  segmenter: object,
  image: ImageInput,
  options: ExplainOptions = {},
): Promise<{ explanation: Explanation; photo: RgbImage }> {
  const { model, turns, classes, words, method, settings, changes } = partsOf(segmenter);
  const names = options.methods ?? [method, ...EXPLAINED_METHODS];
  const methods = [...new Set(names)].map(findMethod);
  const name = nameOfImage(image);
  const picture = await loadPicture(image, name, {
    resizeTo: (width, height) => networkSize(width, height, settings.resize, model.leastSide),
    shown: false,
    maxMegapixels: options.maxMegapixels,
  });
  picture.notices.push(...stretchNotices(picture.width, picture.height, settings.resize, model.leastSide));
  const total = methods.length + 3;
  let done = 0;
  const progress = {
    step: (text: string) => options.onProgress?.({ done: ++done, total, text }),
    stop: () => {},
  };
  const points = options.points ?? [];
  const explanation = await turns.take(() =>
    explainImage({ model, name, picture, classes, words, methods, changes, points, progress }),
  );
  return { explanation, photo: picture.resized };
}
