import type { ImageLimits } from '../../clip/image/limits.ts';
import { readShownPicture } from '../../clip/image/readPicture.ts';
import type { LabelMap, RgbImage } from '../../clip/image/types.ts';
import { type DataSet, dataSetPalette } from '../../datasets/dataSet.ts';
import type { PairSettings } from '../loading/preparePair.ts';
import type { CountedImage } from '../run/evaluateImages.ts';
import type { ImageMetrics } from '../results/imageScore.ts';
import type { Selection } from '../run/selection.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import { type ComparisonSize, type EvaluatedImage, renderComparison } from './comparison.ts';
import { resizeLabels } from '../../pictures/resizeLabels.ts';

/**
 * Ids of every `every`-th image of a shard, the first included. What counts is the place in the list, images that lack
 * a file included: which images are shown does not depend on where a run was stopped or on what failed.
 */
export function everyNth({ pairs, missing }: Pick<Selection, 'pairs' | 'missing'>, every: number): Set<string> {
  const ids = [...pairs, ...missing].map(({ id }) => id).sort(byCodeUnits);
  return new Set(ids.filter((_, position) => position % every === 0));
}

/**
 * Draws an evaluated image in any size; its file is read when that is first asked for.
 * @throws ImageError if it cannot be read any more
 */
export function comparisonOf(
  { pair, prediction, truth }: CountedImage,
  { mIoU, iou }: ImageMetrics,
  dataSet: DataSet,
  limits: ImageLimits & Pick<PairSettings, 'ignoreExif'>,
): (size: ComparisonSize) => Promise<RgbImage> {
  const names = dataSet.classes.classes.map(({ name }) => name);
  const labels = { width: prediction.width, height: prediction.height, data: prediction.labels };
  const evaluated = async (): Promise<EvaluatedImage> => {
    const image = await readShownPicture(pair.image, limits);
    // Of an image that is too large to be held there is a smaller one.
    const shrunk = (map: LabelMap) => (image.width === map.width ? map : resizeLabels(map, image.width, image.height));
    return { id: pair.id, image, truth: shrunk(truth), prediction: shrunk(labels), mIoU, iou };
  };
  let read: Promise<EvaluatedImage> | undefined;
  return async (size) => renderComparison(await (read ??= evaluated()), names, dataSetPalette(dataSet), size);
}
