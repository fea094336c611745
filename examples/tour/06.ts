// 06: cosines of patches and words. From a checkout: npx tsx examples/tour/06.ts
import { Model } from 'rfclip';

const model = await Model.open({ precision: 'f32' }); // the same numbers on every GPU
const segmenter = await model.segmenter('moon, horse, soil, boat', { method: 'maskclip', window: 0 });
const { tensors } = await segmenter.trace('examples/scenes/scene_0025.jpg', ['logits']); // [1, 588, 4]
const softmax = (cosines: number[], scale: number) => {
  const exponentials = cosines.map((cosine) => Math.exp(scale * cosine));
  return exponentials.map((exponential) => exponential / exponentials.reduce((sum, other) => sum + other));
};
const text = (numbers: number[]) => numbers.map((number) => number.toFixed(2)).join(' ');
for (const [name, patch] of Object.entries({ moon: 118, cheek: 351, mane: 384, soil: 507 })) {
  const own = Array.from(tensors.logits.data.slice(4 * patch, 4 * patch + 4));
  console.log(`${name}: cosines ${text(own)}, scale 1 ${text(softmax(own, 1))}, scale 40 ${text(softmax(own, 40))}`);
}
model.close();
