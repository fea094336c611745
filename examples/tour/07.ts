// 07: four ways to read the last block. From a checkout: npx tsx examples/tour/07.ts
import { fileURLToPath } from 'node:url';
import { Model } from 'rfclip';
import { readLabelMap } from 'rfclip/clip';

const scene = (name: string) => fileURLToPath(new URL(`../scenes/scene_0033${name}`, import.meta.url));
// The mask says for every pixel which line of examples/classes.txt is right, from 0.
const lines = { tiles: 51, water: 43, airplane: 11, sun: 36 };
const truth = await readLabelMap(scene('.mask.png'));
const model = await Model.open({ precision: 'f32' }); // the same numbers on every GPU
for (const method of ['clip', 'sclip', 'naclip', 'maskclip'] as const) {
  const segmenter = await model.segmenter(Object.keys(lines), { method, window: 0 });
  const { labels } = await segmenter.segment(scene('.jpg'));
  const right = labels.data.filter((label, pixel) => Object.values(lines)[label] === truth.data[pixel]);
  console.log(`${method.padEnd(8)} ${Math.round((100 * right.length) / truth.data.length)} % of the pixels are right`);
}
model.close();
