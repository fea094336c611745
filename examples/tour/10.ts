// 10: does attention stay on the airplane? From a checkout: npx tsx examples/tour/10.ts
import { fileURLToPath } from 'node:url';
import { Model } from 'rfclip';
import { readLabelMap } from 'rfclip/clip';

const scene = (end: string) => fileURLToPath(new URL(`../scenes/scene_0033${end}`, import.meta.url));
const model = await Model.open({ precision: 'f32' }); // the same numbers on every GPU
const segmenter = await model.segmenter('airplane', { method: 'rfclip-paper', window: 0, resize: [2048, 224] });
const { tensors } = await segmenter.trace(scene('.jpg'), ['layer3/attn', 'layer*/attn_kk', 'last/attn_kk*']);
// 14 x 14 patches behind CLS; the mask has 448 x 448 pixels, 32 x 32 for a patch, and its 11 is the airplane.
const { data: mask } = await readLabelMap(scene('.mask.png'));
const middle = (cell: number) => 32 * cell + 16;
const isPlane = Array.from({ length: 196 }, (_, i) => mask[448 * middle(Math.floor(i / 14)) + middle(i % 14)] === 11);
isPlane.unshift(false); // CLS
for (const [name, { data }] of Object.entries(tensors)) {
  const sums = [0, 0]; // attention from patches of the airplane to others, and to its own
  for (const [at, weight] of data.entries())
    if (isPlane[Math.floor(at / 197) % 197] && at % 197 > 0) sums[Number(isPlane[at % 197])] += weight;
  console.log(`${name.padEnd(23)} ${Math.round((100 * sums[1]) / (sums[0] + sums[1]))} % stays`);
}
model.close();
