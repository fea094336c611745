import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageError } from '../../../clip/image/imageError.ts';
import { readImage } from '../../../clip/image/readImage.ts';
import { openGallery } from '../../../evaluation/pictures/gallery.ts';
import { checkImagePlaces, countLackingPictures, imageWriter } from '../../../evaluation/pictures/imageFiles.ts';
import { everyNth } from '../../../evaluation/pictures/visualize.ts';
import { RequestError } from '../../../system/requestError.ts';
import { OutputError } from '../../../system/outputError.ts';
import { countPixels, emptyConfusion, storeConfusion } from '../../../datasets/confusion.ts';
import { type DataSet, openDataSet } from '../../../datasets/dataSet.ts';
import type { CountedImage } from '../../../evaluation/run/evaluateImages.ts';
import { type Selection, selectImages } from '../../../evaluation/run/selection.ts';
import { WHOLE } from '../../../evaluation/run/shard.ts';
import { readGroundTruth } from '../../../datasets/labels.ts';

const IDS = ['a/1', 'a/2', 'b/c/3'];
let folder: string;
let dataSet: DataSet;
let selection: Selection;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-files-'));
  const sample = openDataSet('sample');
  const data = join(folder, 'data');
  const copy = (from: string, to: string) => {
    mkdirSync(dirname(join(data, to)), { recursive: true });
    copyFileSync(from, join(data, to));
  };
  IDS.forEach((id, k) => {
    copy(sample.pairs[k].image, `JPEGImages/${id}.jpg`);
    copy(sample.pairs[k].label, `SegmentationClass/${id}.png`);
  });
  copy(join(sample.root, 'classes.txt'), 'classes.txt');
  mkdirSync(join(data, 'ImageSets/Segmentation'), { recursive: true });
  writeFileSync(join(data, 'ImageSets/Segmentation/val.txt'), IDS.join('\n'));
  dataSet = openDataSet('folder', data);
  selection = selectImages(dataSet, { shard: WHOLE });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An image whose labels were predicted as they are, but for what lies in its upper half. */
async function counted(index: number): Promise<CountedImage> {
  const pair = dataSet.pairs[index];
  const truth = await readGroundTruth(pair.label, dataSet);
  const labels = Uint16Array.from(truth.data, (label, pixel) => (pixel < truth.data.length / 2 ? 7 : label));
  const confusion = emptyConfusion(dataSet.classes.classes.length);
  countPixels(confusion, labels, truth.data);
  const { width, height } = truth;
  return {
    pair,
    truth,
    prediction: { width, height, labels },
    entry: { id: pair.id, milliseconds: 1, waited: 1, confusion: storeConfusion(confusion) },
  };
}
const below = (name: string) =>
  (readdirSync(join(folder, name), { recursive: true }) as string[]).filter((path) => path.includes('.')).sort();

describe('everyNth', () => {
  it.each([
    [1, ['a', 'b', 'c', 'd', 'e']],
    [2, ['a', 'c', 'e']],
    [3, ['a', 'd']],
    [99, ['a']],
  ])('of every %i images the first, counting those that lack a file', (every, ids) => {
    const pairs = ['a', 'c', 'd'].map((id) => ({ id, image: '', label: '' }));
    expect([
      ...everyNth(
        {
          pairs,
          missing: [
            { id: 'e', problem: '' },
            { id: 'b', problem: '' },
          ],
        },
        every,
      ),
    ]).toEqual(ids);
  });
});

describe('files of an image', () => {
  it('writes label map, picture and thumbnail, with folders for slashes', async () => {
    const places = { predictions: join(folder, 'labels'), pictures: { folder: join(folder, 'pictures'), every: 2 } };
    const gallery = openGallery(join(folder, 'out'), []);
    const write = imageWriter(places, gallery, dataSet, selection);
    for (const index of [2, 0, 1]) await write(await counted(index));
    expect(below('labels')).toEqual(['a/1.png', 'a/2.png', 'b/c/3.png']);
    expect(below('pictures')).toEqual(['a/1.png', 'b/c/3.png']);
    expect(below('out')).toHaveLength(3);
    const { image } = dataSet.pairs[0];
    const [picture, photo] = [await readImage(join(folder, 'pictures/a/1.png')), await readImage(image)];
    expect(picture.width).toBeGreaterThan(4 * photo.width);
    expect(countLackingPictures(places, selection, new Set(IDS))).toBe(0);
    expect(
      countLackingPictures({ pictures: { ...places.pictures, every: 1 } }, selection, new Set(['a/1', 'a/2'])),
    ).toBe(1);
  });

  it('an image that is gone, or a folder that cannot be made, is one error and no half of a file', async () => {
    const gallery = openGallery(join(folder, 'failing'), []);
    const image = await counted(0);
    await expect(
      imageWriter(
        {},
        gallery,
        dataSet,
        selection,
      )({ ...image, pair: { ...image.pair, image: join(folder, 'gone.jpg') } }),
    ).rejects.toThrow(ImageError);
    mkdirSync(join(folder, 'blocked/a/1.png'), { recursive: true });
    await expect(
      imageWriter({ pictures: { folder: join(folder, 'blocked'), every: 1 } }, gallery, dataSet, selection)(image),
    ).rejects.toThrow(OutputError);
    expect([below('failing'), readdirSync(join(folder, 'blocked/a'))]).toEqual([[], ['1.png']]);
  });

  it('refuses one folder for label maps and pictures', () => {
    const pictures = { folder: join(folder, 'x', '..', 'same'), every: 1 };
    expect(() => checkImagePlaces({ predictions: join(folder, 'same'), pictures })).toThrow(RequestError);
    expect(() => checkImagePlaces({ predictions: join(folder, 'other'), pictures })).not.toThrow();
    expect(() => checkImagePlaces({ pictures })).not.toThrow();
  });
});
