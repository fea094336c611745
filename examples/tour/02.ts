// 02: positions for another grid. From a checkout: npx tsx examples/tour/02.ts
import { openCheckpoint } from 'rfclip/clip';
import { bicubic, Device, l2Normalize, matmul } from 'rfclip/engine';
import { EMBEDDED_CHECKPOINT } from 'rfclip/rfclip';

const device = await Device.create();
const learned = openCheckpoint(EMBEDDED_CHECKPOINT).read('visual.positional_embedding'); // [1 + 14 * 14, 128]
const table = device.tensor(learned.slice(128), [14, 14, 128]); // without the row of CLS
const stretched = bicubic(table, 21, 28, 14 / 21.1, 14 / 28.1); // [21, 28, 128]: an image of 336 x 448 pixels
const [unit, unitTable] = [stretched, table].map((grid) => l2Normalize(grid).reshape([-1, 128]));
const cosines = await matmul(unit, unitTable, { transposeB: true }).readFloats(); // [588, 196]
const place = (index: number, width: number) => `row ${Math.floor(index / width)}, column ${index % width}`;
for (const patch of [0, 177, 294, 587]) {
  const found = cosines.subarray(196 * patch, 196 * (patch + 1));
  const best = found.indexOf(Math.max(...found));
  console.log(`${place(patch, 28)} of 21 x 28 is most like ${place(best, 14)} of 14 x 14: ${found[best].toFixed(3)}`);
}
device.destroy();
