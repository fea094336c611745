// 11: windows, and from few cells to many pixels. From a checkout: npx tsx examples/tour/11.ts
import { Model } from 'rfclip';
import { accumulateWindows, bilinear } from 'rfclip/engine';

const model = await Model.open({ precision: 'f32' }); // the same numbers on every GPU
const segmenter = await model.segmenter('moon, horse, soil', { method: 'maskclip' });
const scene = new URL('../scenes/scene_0025.jpg', import.meta.url);
const { windows, grid, tensors } = await segmenter.trace(scene, ['logits']);
console.log(windows.map(({ x1, y1, x2, y2 }) => `${x1},${y1} to ${x2},${y2}`).join('\n'));
console.log(`each ${grid.width} x ${grid.height} patches; logits ${tensors.logits.shape.join(' x ')}`);

const { device } = model;
const enlarged = bilinear(device.tensor([0, 1], [1, 1, 2, 1]), 1, 8); // 2 cells become 8 pixels
// Two windows of 4 pixels with 2 cells each, the second 2 pixels further on: 6 pixels, of which 2 are in both.
const [maps, corners] = [device.tensor([0, 1, 1, 0], [2, 1, 2, 1]), device.tensor([0, 0, 0, 2], [2, 2], 'u32')];
const place = { windowHeight: 1, windowWidth: 4, canvasWidth: 6, firstRow: 0, rows: 1 };
const [one, both] = await device.readAll([enlarged, accumulateWindows(maps, corners, place)]);
console.log(`enlarged: ${one.join(' ')}\naveraged: ${both.join(' ')}`);
model.close();
