import { drawMetrics } from './drawings/metrics.ts';
import { drawWindows } from './drawings/windows.ts';
import type { ExplainRun, TourPicture } from './picture.ts';

const SCENE: ExplainRun = {
  image: 'examples/scenes/scene_0033.jpg',
  classes: 'tiles, water, airplane, sun',
  at: ['120,120', '200,340'],
};
const PLANTED: ExplainRun = { ...SCENE, checkpoint: 'planted' };

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
    explain: PLANTED,
    show: '#distraction .maps',
    style: '#distraction .maps { grid-template-columns: repeat(5, 1fr) !important; padding: 12px; }',
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
    style:
      '#attention .maps { padding: 12px; grid-template-columns: 1fr 1fr !important; } ' +
      '#attention .maps > :nth-child(2) { display: none; }',
    prepare: async (page) => {
      await page.locator('#attention select').first().selectOption('3');
    },
  },
  {
    file: '10-layer-mean.png',
    explain: SCENE,
    show: '#layerMean .beside',
    style: '#layerMean .beside { padding: 12px; }',
  },
  { file: '11-windows.png', width: 900, draw: drawWindows },
  { file: '12-metrics.png', width: 900, draw: drawMetrics },
];
