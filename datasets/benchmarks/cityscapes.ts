import type { Benchmark } from './benchmark.ts';

/**
 * Cityscapes: 19 classes. Images lie in one folder per city. The image feature is taken per window, not from the whole
 * image. Sources: names and colours: MMSegmentation, `CityscapesDataset`; words: the class files of SCLIP, NACLIP and
 * CASS, which RF-CLIP names too; settings: the configurations of the four code bases.
 */
export const cityscapes: Benchmark = {
  name: 'cityscapes',
  aliases: [],
  title: 'Cityscapes',
  reduceZeroLabel: false,
  expectedPairs: 500,
  layout: {
    roots: ['', 'cityscapes', 'Cityscapes'],
    imageFolder: 'leftImg8bit/val',
    labelFolders: ['gtFine/val'],
    imageSuffix: '_leftImg8bit.png',
    labelSuffix: '_gtFine_labelTrainIds.png',
  },
  settings: {
    rfclip: {
      resize: [2048, 560],
      clusterThreshold: 0.14,
      meanVectorWeight: 0.03,
      globalWeight: 0.1,
      globalPerWindow: true,
    },
    cass: {
      resize: [2048, 560],
      clusterThreshold: 0.14,
      meanVectorWeight: 0.03,
      globalWeight: 0.1,
      globalPerWindow: true,
      stretchSpectrum: false,
    },
    naclip: { resize: [2048, 560] },
    sclip: { resize: [2048, 560] },
  },
  published: { rfclip: 41.3, rfclipPamr: 43.0, naclipPamr: 38.27, sclip: 32.34 },
  fetch: [
    'register at https://www.cityscapes-dataset.com and download leftImg8bit_trainvaltest.zip and ' +
      'gtFine_trainvaltest.zip',
    'unpack both into one folder',
    'rfclip convert cityscapes gtFine/val -o gtFine/val',
  ],
  classes: [
    ['road', '804080'],
    ['sidewalk', 'f423e8'],
    ['building', '464646'],
    ['wall', '66669c'],
    ['fence', 'be9999'],
    ['pole', '999999'],
    ['traffic light', 'faaa1e', 'trafficlight'],
    ['traffic sign', 'dcdc00', 'trafficsign'],
    ['vegetation', '6b8e23'],
    ['terrain', '98fb98'],
    ['sky', '4682b4'],
    ['person', 'dc143c'],
    ['rider', 'ff0000'],
    ['car', '00008e'],
    ['truck', '000046'],
    ['bus', '003c64'],
    ['train', '005064'],
    ['motorcycle', '0000e6'],
    ['bicycle', '770b20'],
  ],
};
