// 06: cosines of patches and words. From a checkout: npx tsx examples/tour/06.ts
import { Model } from 'rfclip';

const model = await Model.open();
const segmenter = await model.segmenter('moon, horse, soil, boat', { method: 'rfclip-paper', window: 0 });
const { tensors, grid } = await segmenter.trace('examples/scenes/scene_0025.jpg', ['logits']); // [1, 588, 4]
const text = (numbers: number[]) => numbers.map((number) => number.toFixed(2)).join(' ');
const softmax = (logits: number[], scale: number) => {
  const exponentials = logits.map((logit) => Math.exp(scale * (logit - Math.max(...logits))));
  return exponentials.map((exponential) => exponential / exponentials.reduce((sum, other) => sum + other));
};
for (const [name, row, column] of [
  ['moon', 4, 6],
  ['nose', 13, 13],
  ['mane', 13, 20],
  ['soil', 18, 3],
] as const) {
  const patch = row * grid.width + column;
  const cosines = Array.from(tensors.logits.data.slice(4 * patch, 4 * patch + 4));
  console.log(
    `${name}: cosines ${text(cosines)}, scale 1 ${text(softmax(cosines, 1))}, 40 ${text(softmax(cosines, 40))}`,
  );
}
model.close();
