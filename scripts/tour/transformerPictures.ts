import type { Page } from 'playwright-core';
import { drawBlock } from './drawings/block.ts';
import { drawEngine } from './drawings/engine.ts';
import { drawLayerNorm } from './drawings/layerNorm.ts';
import { drawPatches } from './drawings/patches.ts';
import { drawPositions } from './drawings/positions.ts';
import { drawSimilarity } from './drawings/similarity.ts';
import type { ExplainRun, TourPicture } from './picture.ts';

/** A moon, a horse and soil; the first point is the patch of chapter 01, on the horse's eye. */
const SCENE: ExplainRun = {
  image: 'examples/scenes/scene_0025.jpg',
  classes: 'moon, horse, soil, boat',
  at: ['250,190'],
};

/** All layers and heads of one kind, large. */
const MATRIX = `
  #attention .matrix { width: 100% }
  #attention .matrix td { width: 31% }
  #attention .matrix canvas { width: 100%; max-width: none; height: auto }
  #attention .matrix td.chosen, #attention .matrix td.chosen * { outline: none; box-shadow: none }
`;

/** A column says "head 0", not "0". */
async function nameHeads(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const head of document.querySelectorAll('#attention .matrix thead th'))
      if (/^\d+$/.test(head.textContent!)) head.textContent = `head ${head.textContent}`;
  });
}

/** Those of chapters 00 to 06: CLIP, from pixels and words to cosines. */
export const TRANSFORMER_PICTURES: readonly TourPicture[] = [
  { file: '00-engine.png', draw: drawEngine },
  { file: '01-patches.jpg', draw: drawPatches },
  { file: '02-positions.png', draw: drawPositions },
  { file: '03-layer-norm.png', draw: drawLayerNorm },
  { file: '04-attention.png', explain: SCENE, show: '#attention .matrix', style: MATRIX, prepare: nameHeads },
  { file: '05-block.png', draw: drawBlock },
  { file: '06-similarity.png', draw: drawSimilarity },
];
