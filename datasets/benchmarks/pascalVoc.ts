import type { BenchmarkLayout } from './benchmark.ts';

/** Where PASCAL VOC 2012 lies, with and without background. */
export const VOC_LAYOUT: BenchmarkLayout = {
  roots: ['', 'VOC2012', 'VOCdevkit/VOC2012'],
  imageFolder: 'JPEGImages',
  labelFolders: ['SegmentationClass', 'SegmentationClassAug'],
  splitFile: 'ImageSets/Segmentation/val.txt',
  imageSuffix: '.jpg',
  labelSuffix: '.png',
};

/** How to get it. */
export const VOC_FETCH: readonly string[] = [
  'download http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar',
  'unpack it; the data folder is the one that holds VOCdevkit, or VOCdevkit/VOC2012 itself',
];
