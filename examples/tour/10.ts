// 10: does attention stay on the sun? From a checkout: npx tsx examples/tour/10.ts
import { fileURLToPath } from 'node:url';
import { Model } from 'rfclip';
import { readLabelMap } from 'rfclip/clip';

const scene = (end: string) => fileURLToPath(new URL(`../scenes/scene_0033${end}`, import.meta.url));
const model = await Model.open();
const segmenter = await model.segmenter('sun', { method: 'rfclip-paper', window: 0, resize: [2048, 224] });
const { tensors } = await segmenter.trace(scene('.jpg'), ['layer3/attn', 'layer*/attn_kk', 'last/attn_kk*']);
// 14 x 14 patches behind CLS; the mask has 448 x 448 pixels, 32 x 32 for a patch, and its 36 is the sun.
const { data: mask } = await readLabelMap(scene('.mask.png'));
const middle = (cell: number) => 32 * cell + 16;
const isSun = Array.from({ length: 196 }, (_, i) => mask[448 * middle(Math.floor(i / 14)) + middle(i % 14)] === 36);
isSun.unshift(false); // CLS
for (const [name, { data }] of Object.entries(tensors)) {
  const sums = [0, 0]; // attention from patches of the sun to other patches, and to those of the sun
  for (const [at, weight] of data.entries())
    if (isSun[Math.floor(at / 197) % 197] && at % 197 > 0) sums[Number(isSun[at % 197])] += weight;
  console.log(`${name.padEnd(23)} ${Math.round((100 * sums[1]) / (sums[0] + sums[1]))} % stays on the sun`);
}
model.close();
