import type { Benchmark } from './benchmark.ts';
import { CONTEXT_CLASSES, CONTEXT_FETCH, CONTEXT_LAYOUT } from './pascalContext.ts';

/**
 * PASCAL Context without background: 59 classes. Label 0 is not evaluated.
 * Sources: names and colours: `PascalContext59Dataset` of the published `custom_datasets.py`;
 * words: the class files of SCLIP, NACLIP and CASS, which RF-CLIP names too; settings: the configurations of the four
 * code bases.
 */
export const context59: Benchmark = {
  name: 'context59',
  aliases: ['pascal-context-59', 'pcontext59'],
  title: 'PASCAL Context without background',
  reduceZeroLabel: true,
  expectedPairs: 5104,
  layout: CONTEXT_LAYOUT,
  settings: {
    rfclip: { clusterThreshold: 0.09, meanVectorWeight: 0.04, globalWeight: 0.25 },
    cass: { clusterThreshold: 0.09, meanVectorWeight: 0.04, globalWeight: 0.25 },
    naclip: {},
    sclip: {},
  },
  published: { rfclip: 39.8, rfclipPamr: 41.4, naclipPamr: 38.35, sclip: 34.46 },
  fetch: CONTEXT_FETCH,
  classes: CONTEXT_CLASSES,
};
