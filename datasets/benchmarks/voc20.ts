import type { Benchmark } from './benchmark.ts';
import { VOC_FETCH, VOC_LAYOUT } from './pascalVoc.ts';

/**
 * PASCAL VOC 2012 without background: 20 classes. Background (label 0) is not evaluated.
 * Sources: names and colours: `PascalVOC20Dataset` of the published `custom_datasets.py`;
 * words: the class files of SCLIP, NACLIP and CASS, which RF-CLIP names too; settings: the configurations of the four
 * code bases.
 */
export const voc20: Benchmark = {
  name: 'voc20',
  aliases: [],
  title: 'PASCAL VOC 2012 without background',
  reduceZeroLabel: true,
  expectedPairs: 1449,
  layout: VOC_LAYOUT,
  settings: {
    rfclip: { clusterThreshold: 0.1, meanVectorWeight: 0.02, globalWeight: 0.4 },
    cass: { clusterThreshold: 0.1, meanVectorWeight: 0.02, globalWeight: 0.4, stretchSpectrum: false },
    naclip: { window: 0 },
    sclip: {},
  },
  published: { rfclip: 87.0, rfclipPamr: 87.0, naclipPamr: 83.03, sclip: 81.54 },
  fetch: VOC_FETCH,
  classes: [
    ['aeroplane', '800000'],
    ['bicycle', '008000'],
    ['bird', '0000c0'],
    ['boat', '808000', 'ship'],
    ['bottle', '800080'],
    ['bus', '008080'],
    ['car', 'c08040'],
    ['cat', '400000'],
    ['chair', 'c00000'],
    ['cow', '408000'],
    ['diningtable', 'c08000', 'table'],
    ['dog', '400080'],
    ['horse', 'c00080'],
    ['motorbike', '408080'],
    [
      'person',
      'c08080',
      'person, person in shirt, person in jeans, person in dress, person in sweater, person in skirt, person in jacket',
    ],
    ['pottedplant', '004000'],
    ['sheep', '804000'],
    ['sofa', '00c000'],
    ['train', '80c000'],
    ['tvmonitor', '004080', 'television monitor, tv monitor, monitor, television, screen'],
  ],
};
