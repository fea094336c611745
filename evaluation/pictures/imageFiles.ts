import { dirname, join } from 'node:path';
import type { ImageLimits } from '../../clip/image/limits.ts';
import { type DataSet, dataSetPalette } from '../../datasets/dataSet.ts';
import type { Prediction } from '../prediction.ts';
import type { PairSettings } from '../loading/preparePair.ts';
import type { CountedImage } from '../run/evaluateImages.ts';
import { scoreImage } from '../results/imageScore.ts';
import type { Selection } from '../run/selection.ts';
import { isFile } from '../../system/fileKinds.ts';
import { RequestError } from '../../system/requestError.ts';
import { isSamePlace } from '../../system/outputGate.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { removeStaleFiles, TEMPORARY_NAME } from '../../system/temporaryFiles.ts';
import { COMPARISON, THUMBNAIL } from './comparison.ts';
import { writeLabelPng, writeRgbPng } from '../../pictures/writePng.ts';
import type { Gallery } from './gallery.ts';
import { comparisonOf, everyNth } from './visualize.ts';

/** Where files about single images go; what is absent is not written. */
export interface ImagePlaces {
  /** Label maps. */
  predictions?: string;
  /** Pictures of every `every`-th image. */
  pictures?: { folder: string; every: number };
}

/** @throws RequestError if label maps and pictures, which have the same names, would go to one folder */
export function checkImagePlaces({ predictions, pictures }: ImagePlaces): void {
  if (predictions === undefined || pictures === undefined || !isSamePlace(predictions, pictures.folder)) return;
  throw new RequestError(
    `--save-predictions and --visualize both name ${predictions}, where their files would overwrite each other; ` +
      `expected two folders`,
    '--visualize',
  );
}

/** Removes what a killed run left where the files of these images go. */
export function removeStalePictures({ predictions, pictures }: ImagePlaces, ids: readonly string[]): void {
  const roots = [predictions, pictures?.folder].filter((root) => root !== undefined);
  const folders = new Set(roots.flatMap((root) => ids.map((id) => dirname(join(root, id)))));
  for (const folder of folders) removeStaleFiles(folder, [TEMPORARY_NAME]);
}

/**
 * How many of the images that are `done` should have a picture and have none, because nobody asked for it at that time.
 */
export function countLackingPictures(
  { pictures }: ImagePlaces,
  selection: Selection,
  done: ReadonlySet<string>,
): number {
  if (pictures === undefined) return 0;
  return [...everyNth(selection, pictures.every)].filter(
    (id) => done.has(id) && !isFile(join(pictures.folder, `${id}.png`)),
  ).length;
}

/**
 * Writes what there is to keep of an evaluated image: `ID.png` with its labels, `ID.png` as a picture, its thumbnail.
 * Comes before the image's journal entry, so that no image in the journal lacks its files.
 *
 * @returns rejects with OutputError if a file cannot be written, ImageError if the image cannot be read a second time
 */
export function imageWriter(
  { predictions, pictures }: ImagePlaces,
  gallery: Gallery,
  dataSet: DataSet,
  selection: Selection,
  limits: ImageLimits & Pick<PairSettings, 'ignoreExif'> = {},
): (image: CountedImage) => Promise<void> {
  const pictured = pictures === undefined ? new Set() : everyNth(selection, pictures.every);
  return async (image) => {
    const { id } = image.pair;
    const metrics = scoreImage(image.entry);
    const draw = comparisonOf(image, metrics, dataSet, limits);
    if (predictions !== undefined) await savePrediction(fileFor(predictions, id), image.prediction, dataSet);
    if (pictures !== undefined && pictured.has(id))
      await writeRgbPng(fileFor(pictures.folder, id), await draw(COMPARISON));
    await gallery.add(id, metrics.mIoU, () => draw(THUMBNAIL));
  };
}

async function savePrediction(path: string, { labels, width, height }: Prediction, dataSet: DataSet): Promise<void> {
  await writeLabelPng(path, labels, width, height, dataSetPalette(dataSet));
}

/** Makes the folders that the slashes of an id stand for. */
function fileFor(folder: string, id: string): string {
  const path = join(folder, `${id}.png`);
  makeOutputFolder(dirname(path));
  return path;
}
