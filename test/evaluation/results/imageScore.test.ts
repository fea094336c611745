import { describe, expect, it } from 'vitest';
import { countPixels, emptyConfusion, storeConfusion } from '../../../datasets/confusion.ts';
import { scoreImage } from '../../../evaluation/results/imageScore.ts';

const scoreOf = (labels: number[], prediction: number[]) => {
  const confusion = emptyConfusion(3);
  countPixels(confusion, prediction, labels);
  return scoreImage({ id: 'i', confusion: storeConfusion(confusion) });
};

describe('scoreImage', () => {
  it.each<[string, number[], number[], number | null, (number | null)[]]>([
    [
      'a class that is nowhere is left out of the mean',
      [0, 0, 1, 1],
      [0, 1, 1, 1],
      (1 / 2 + 2 / 3) / 2,
      [1 / 2, 2 / 3, null],
    ],
    ['a class that is only predicted counts as 0', [0, 0, 0, 0], [0, 0, 0, 2], 3 / 8, [3 / 4, null, 0]],
    ['ignored pixels do not count, whatever was predicted', [0, 255, 255, 255], [0, 1, 2, 0], 1, [1, null, null]],
    ['all pixels ignored', [255, 255], [0, 1], null, [null, null, null]],
    ['labels that are no class are not labelled', [7, 7], [0, 1], null, [0, 0, null]],
  ])('%s', (_name, labels, prediction, mIoU, iou) =>
    expect(scoreOf(labels, prediction)).toEqual({ id: 'i', mIoU, iou }),
  );
});
