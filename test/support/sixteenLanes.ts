/**
 * Run in a process of its own by `test/engine/process.test.ts`, with a driver that is asked for 16 lanes: multiplies
 * whole numbers, whose products and sums are exact, and prints how many elements are wrong.
 */
import { Device, matmul } from '../../engine/index.ts';

const SIZES = [
  [33, 65, 8],
  [32, 64, 12],
  [1, 3, 4],
  [70, 130, 7],
];

const device = await Device.create({ debug: '' });
const lanes = device.info.subgroupMinSize;
const value = (i: number) => ((i * 37) % 11) - 5;
let wrong = 0;
let elements = 0;
for (const [m, n, k] of SIZES) {
  const a = Float32Array.from({ length: m * k }, (_, i) => value(i));
  const b = Float32Array.from({ length: n * k }, (_, i) => value(i + 3));
  const product = await device
    .withoutScope(() => matmul(device.tensor(a, [m, k]), device.tensor(b, [n, k]), { transposeB: true }))
    .read();
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += a[row * k + i] * b[column * k + i];
      elements++;
      if (product[row * n + column] !== sum) wrong++;
    }
  }
}
device.destroy();
console.log(JSON.stringify({ lanes, wrong, elements }));
