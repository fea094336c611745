import type { Benchmark } from './benchmark.ts';
import { CONTEXT_CLASSES, CONTEXT_FETCH, CONTEXT_LAYOUT } from './pascalContext.ts';

/**
 * PASCAL Context with background: 60 classes. Label 0 is everything outside of the 59 classes.
 * Sources: names and colours: `PascalContext60Dataset` of the published `custom_datasets.py`;
 * words: the class files of SCLIP, NACLIP and CASS, which RF-CLIP names too; settings: the configurations of the four
 * code bases.
 */
export const context60: Benchmark = {
  name: 'context60',
  aliases: ['pascal-context-60', 'pcontext60'],
  title: 'PASCAL Context with background',
  reduceZeroLabel: false,
  expectedPairs: 5104,
  layout: CONTEXT_LAYOUT,
  settings: {
    rfclip: { probabilityThreshold: 0.1, clusterThreshold: 0.09, meanVectorWeight: 0.04, globalWeight: 0.25 },
    cass: { probabilityThreshold: 0.1, clusterThreshold: 0.09, meanVectorWeight: 0.04, globalWeight: 0.25 },
    naclip: { probabilityThreshold: 0.1 },
    sclip: { logitScale: 50, probabilityThreshold: 0.1 },
  },
  published: { rfclip: 36.4, rfclipPamr: 37.9, naclipPamr: 34.99, sclip: 31.74 },
  fetch: CONTEXT_FETCH,
  // The published word list of the 60, but not that of the 59, has a space behind its last word.
  classes: [['background', '787878'], ...CONTEXT_CLASSES.slice(0, -1), ['wood', '1f00ff', 'wood ']],
};
