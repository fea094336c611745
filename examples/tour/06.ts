// 06: cosines between an image and words. From a checkout: npx tsx examples/tour/06.ts
import { Model } from 'rfclip';

const model = await Model.open();
const segmenter = await model.segmenter('moon, horse, soil, boat', { window: 0 });
const { tensors, grid } = await segmenter.trace('examples/scenes/scene_0025.jpg', ['logits']);
const cosines = tensors.logits.data; // [1, 588, 4]: of every patch with every word
for (const [row, column] of [
  [4, 6],
  [13, 15],
  [18, 3],
]) {
  const patch = row * grid.width + column;
  const own = Array.from(cosines.slice(4 * patch, 4 * patch + 4));
  for (const scale of [1, 40]) {
    const exponentials = own.map((cosine) => Math.exp(scale * (cosine - Math.max(...own))));
    console.log(
      row,
      column,
      own.map((c) => c.toFixed(2)).join(' '),
      scale,
      exponentials.map((e) => (e / exponentials.reduce((a, b) => a + b)).toFixed(2)).join(' '),
    );
  }
}
model.close();
