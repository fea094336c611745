import type { ImageLimits } from '../clip/image/limits.ts';
import type { RgbImage } from '../clip/image/types.ts';
import { checkOptions, type OptionKinds } from '../library/checkOptions.ts';
import { type ImageInput, loadPicture, nameOfImage } from '../library/images.ts';
import { partsOf } from '../library/segmenterParts.ts';
import { classPalette } from '../pictures/palette.ts';
import { findMethod } from '../rfclip/methods/index.ts';
import { networkSize, stretchNotices } from '../rfclip/prepareImage.ts';
import { type AbortSignalLike, throwIfAborted } from '../system/abort.ts';
import type { Pixel } from './choosePoints.ts';
import { EXPLAINED_METHODS } from './defaultMethods.ts';
import { explainImage } from './explainImage.ts';
import type { Explanation } from './explanation.ts';
import { checkPoints } from './points.ts';

/** How to look into a run of a segmenter. */
export interface ExplainOptions extends ImageLimits {
  /** In pixels of the image; default: the middle of each found class. */
  points?: readonly Pixel[];
  /** Names of methods to set side by side; default: the segmenter's own, rfclip, rfclip-paper and clip. */
  methods?: readonly string[];
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
  /** Told after every step. */
  onProgress?: (progress: ExplainProgress) => void;
}

const EXPLAIN_OPTIONS: OptionKinds<ExplainOptions> = {
  maxMegapixels: 'any',
  points: 'any',
  methods: 'any',
  signal: 'any',
  onProgress: 'function',
};

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
 * @throws RfclipError (`RFCLIP-OPTIONS`) for an option that does not exist; ImageError; as `checkPoints` and
 *   `explainImage`
 */
export async function explainSegmenter(
  segmenter: object,
  image: ImageInput,
  options: ExplainOptions = {},
): Promise<{ explanation: Explanation; photo: RgbImage }> {
  checkOptions(options, EXPLAIN_OPTIONS, 'explain');
  const { model, turns, classes, background, words, method, settings, changes } = partsOf(segmenter);
  const palette = classPalette(classes.classes.length, background);
  const names = options.methods ?? [method, ...EXPLAINED_METHODS];
  const methods = [...new Set(names)].map(findMethod);
  const name = nameOfImage(image);
  const picture = await loadPicture(image, name, {
    resizeTo: (width, height) => networkSize(width, height, settings.resize, model.leastSide),
    shown: false,
    maxMegapixels: options.maxMegapixels,
  });
  const points = options.points ?? [];
  checkPoints(points, name, picture);
  picture.notices.push(...stretchNotices(picture.width, picture.height, settings.resize, model.leastSide));
  const total = methods.length + 3;
  let done = 0;
  const progress = {
    step: (text: string) => {
      throwIfAborted(options.signal);
      options.onProgress?.({ done: ++done, total, text });
    },
    stop: () => {},
  };
  const onNotice = (notice: string) => void picture.notices.push(notice);
  const request = { model, name, picture, classes, words, palette, methods, changes, points, progress, onNotice };
  const explanation = await turns.take(() => explainImage(request), options.signal);
  return { explanation, photo: picture.resized };
}
