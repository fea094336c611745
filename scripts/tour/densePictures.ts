import type { Page } from 'playwright-core';
import { drawMetrics } from './drawings/metrics.ts';
import { drawWindows } from './drawings/windows.ts';
import type { ExplainRun, TourPicture } from './picture.ts';

const SCENE: ExplainRun = {
  image: 'examples/scenes/scene_0033.jpg',
  classes: 'tiles, water, airplane, sun',
  at: ['120,120', '200,340'],
};
const PLANTED: ExplainRun = { ...SCENE, checkpoint: 'planted' };

/** Query-key and key-key attention of layer 3, and beside them what mixes the values in the end. */
async function showReadOut(page: Page): Promise<void> {
  await page.locator('#attention select').first().selectOption('3');
  await page.evaluate(() => {
    const maps = document.querySelector('#attention .maps')!;
    const [before, after] = maps.children;
    before.querySelector('b')!.textContent = 'query-key, layer 3';
    after.remove();
    maps.lastElementChild!.querySelector('b')!.textContent = 'key-key, layer 3';
    const mean = document.querySelector('#layerMean figure')!;
    mean.querySelector('b')!.textContent = 'key-key, mean of all layers';
    maps.append(mean);
  });
}

/** Those of chapters 07 to 12: what becomes of CLIP's patches. */
export const DENSE_PICTURES: readonly TourPicture[] = [
  {
    file: '07-last-layer.png',
    explain: { ...SCENE, methods: ['clip', 'sclip', 'naclip', 'maskclip'] },
    show: '#methods .maps',
    style: '#methods .maps { grid-template-columns: repeat(4, 1fr) !important; padding: 12px; }',
  },
  {
    file: '08-distraction.png',
    width: 680,
    explain: PLANTED,
    show: '#distraction .maps',
    style:
      '#distraction .maps { grid-template-columns: repeat(3, 1fr) !important; padding: 12px; } ' +
      '#distraction .map:nth-child(-n + 2) { display: none; }',
  },
  {
    file: '09-cut.png',
    explain: PLANTED,
    show: '#cut .pairs',
    style: '#cut .pairs { padding: 12px; } #cut .pair:not(:nth-child(3), :nth-child(4)) { display: none; }',
  },
  {
    file: '09-drawn.png',
    explain: PLANTED,
    show: '#drawn figure',
    style: '#drawn figure { padding: 12px; }',
  },
  {
    file: '09-guide.png',
    explain: SCENE,
    show: '#cosines .maps',
    style: '#cosines .maps { padding: 12px; }',
    prepare: async (page) => page.locator('.points button, .points label').nth(1).click(),
  },
  {
    file: '10-key-key.png',
    explain: SCENE,
    show: '#attention .maps',
    style: '#attention .maps { padding: 12px; }',
    prepare: showReadOut,
  },
  { file: '11-windows.jpg', width: 900, draw: drawWindows },
  { file: '12-metrics.png', width: 900, draw: drawMetrics },
];
