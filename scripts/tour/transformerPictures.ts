import type { TourPicture } from './picture.ts';

/** Those of chapters 00 to 06: CLIP, from pixels and words to cosines. */
export const TRANSFORMER_PICTURES: readonly TourPicture[] = [
  {
    file: '04-attention.png',
    explain: { image: 'examples/scenes/scene_0033.jpg', classes: 'moon, horse, sky, grass, soil' },
    show: '#attention',
  },
];
