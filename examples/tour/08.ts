// 08: the score of distraction tokens. From a checkout: npx tsx examples/tour/08.ts
import { Model } from 'rfclip';

const model = await Model.open({ checkpoint: 'planted', precision: 'f32' });
const segmenter = await model.segmenter('sun', { method: 'rfclip-paper', window: 0, resize: [2048, 224] });
const scene = new URL('../scenes/scene_0033.jpg', import.meta.url);
const { tensors } = await segmenter.trace(scene, ['layer*/phi', 'layer3/x_in']);
const { 'layer3/x_in': x, ...scores } = tensors; // [1, T, C], and phi of every layer, [1, N]
const d = model.config.vision.width;
for (const [name, { data: phi }] of Object.entries(scores)) {
  const above = phi.filter((score) => score > 5 / d).length;
  console.log(`${name}: at most ${(Math.max(...phi) * d).toFixed(1)}/d, ${above} of ${phi.length} above 5/d`);
}
// The same by hand, for a token in the middle of the sun.
const f = x.data.subarray(95 * d, 96 * d); // [C]
const g = f.map((value) => value - Math.min(...f));
const share = Math.max(...g) / g.reduce((sum, value) => sum + value, 0);
console.log(`token 95: dimension ${g.indexOf(Math.max(...g))} holds ${(share * d).toFixed(1)}/d`);
model.close();
