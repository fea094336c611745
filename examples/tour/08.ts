// 08: the score of distraction tokens. From a checkout: npx tsx examples/tour/08.ts
import { Model } from 'rfclip';

const model = await Model.open({ checkpoint: 'planted' });
const segmenter = await model.segmenter('sun', { method: 'rfclip-paper', window: 0, resize: [2048, 224] });
const scene = new URL('../scenes/scene_0033.jpg', import.meta.url);
const { tensors } = await segmenter.trace(scene, ['layer*/phi', 'layer3/x_in']);
const d = model.config.vision.width;
const scoresOf = (layer: number) => Array.from(tensors[`layer${layer}/phi`].data, (phi) => phi * d); // [N], times 1/d
for (const layer of [0, 1, 2, 3, 4]) {
  const scores = scoresOf(layer);
  console.log(
    `layer ${layer}: ${Math.max(...scores).toFixed(1)}/d, ${scores.filter((score) => score > 5).length} distract`,
  );
}
// The same by hand, for the token of layer 3 that distracts most.
const token = scoresOf(3).indexOf(Math.max(...scoresOf(3))) + 1; // CLS is token 0
const f = tensors['layer3/x_in'].data.subarray(token * d, (token + 1) * d); // [C]
const g = f.map((value) => value - Math.min(...f));
const share = Math.max(...g) / g.reduce((sum, value) => sum + value, 0);
console.log(`by hand: dimension ${g.indexOf(Math.max(...g))} holds ${(share * d).toFixed(1)}/d`);
model.close();
