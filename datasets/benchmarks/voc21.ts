import type { Benchmark } from './benchmark.ts';
import { VOC_FETCH, VOC_LAYOUT } from './pascalVoc.ts';

/**
 * PASCAL VOC 2012 with background: 21 classes. Pixels that no word for things or for the surroundings claims are
 * background. Sources: names: MMSegmentation, `PascalVOCDataset`; colours: the VOC colour map; words: the class files
 * of SCLIP, NACLIP and CASS, which RF-CLIP names too; settings: the configurations of the four code bases.
 */
export const voc21: Benchmark = {
  name: 'voc21',
  aliases: ['voc', 'voc2012'],
  title: 'PASCAL VOC 2012 with background',
  reduceZeroLabel: false,
  expectedPairs: 1449,
  layout: VOC_LAYOUT,
  settings: {
    rfclip: { window: 0, probabilityThreshold: 0.1, clusterThreshold: 0.1, meanVectorWeight: 0.03, globalWeight: 0.1 },
    cass: { window: 0, probabilityThreshold: 0.1, clusterThreshold: 0.1, meanVectorWeight: 0.03, globalWeight: 0.1 },
    naclip: { window: 0, probabilityThreshold: 0.1 },
    sclip: { logitScale: 65, probabilityThreshold: 0.1, areaThreshold: 0.1 },
  },
  published: { rfclip: 64.8, rfclipPamr: 67.2, naclipPamr: 64.07, sclip: 59.63 },
  fetch: VOC_FETCH,
  classes: [
    [
      'background',
      '000000',
      'sky, wall, tree, wood, grass, road, sea, river, mountain, sands, desk, bed, building, cloud, lamp, door, ' +
        'window, wardrobe, ceiling, shelf, curtain, stair, floor, hill, rail, fence',
    ],
    ['aeroplane', '800000'],
    ['bicycle', '008000'],
    ['bird', '808000'],
    ['boat', '000080', 'ship'],
    ['bottle', '800080'],
    ['bus', '008080'],
    ['car', '808080'],
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
