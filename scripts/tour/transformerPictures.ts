import type { Page } from 'playwright-core';
import { drawBlock } from './drawings/block.ts';
import { drawEngine } from './drawings/engine.ts';
import { drawLayerNorm } from './drawings/layerNorm.ts';
import { drawPatches } from './drawings/patches.ts';
import { drawPositions } from './drawings/positions.ts';
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

/** The maps of every class without refocusing, beside each other. */
const SIMILARITIES = `
  #classes > div { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px }
  #classes > div > :not(section), #classes .maps > :nth-child(2), #classes .maps > :nth-child(3),
  #classes .maps > :nth-child(5) { display: none }
  #classes section .maps { display: block }
  #classes section.class { margin: 0 }
  #classes h3 { margin: 0 0 6px }
`;

/** Chapter 06 does not speak of refocusing yet. */
async function nameSimilarities(page: Page): Promise<void> {
  await page.evaluate(() => {
    const walker = document.createTreeWalker(document.querySelector('#classes')!, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      node.nodeValue = node
        .nodeValue!.replace('similarity before', 'cosine')
        .replace('probability before', 'probability');
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
  { file: '06-similarity.png', explain: SCENE, show: '#classes > div', style: SIMILARITIES, prepare: nameSimilarities },
];
