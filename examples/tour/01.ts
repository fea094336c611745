// 01: patches as a matrix product. From a checkout: npx tsx examples/tour/01.ts
import { Device, matmul, unfoldPatches } from 'rfclip/engine';

const device = await Device.create();
// One image with one channel, of 4 x 4 pixels: 0 1 2 3 in the first row, 12 13 14 15 in the last.
const image = device.tensor(
  Array.from({ length: 16 }, (_, pixel) => pixel),
  [1, 1, 4, 4],
);
const patches = unfoldPatches(image, 2); // [1, 4, 4]: one row per patch of 2 x 2 pixels
// Two filters of 2 x 2 pixels, one row each: the mean, and right minus left.
const filters = device.tensor([0.25, 0.25, 0.25, 0.25, -1, 1, -1, 1], [2, 4]);
const tokens = matmul(patches, filters, { transposeB: true }); // [1, 4, 2]: one row per patch, one column per filter
const [rows, features] = await device.readAll([patches, tokens]);
for (let patch = 0; patch < 4; patch++) {
  const row = rows.slice(4 * patch, 4 * patch + 4);
  console.log(`patch ${patch}: ${row.join(' ')} -> ${features.slice(2 * patch, 2 * patch + 2).join(' ')}`);
}
device.destroy();
