// 04: attention of three tokens. From a checkout: npx tsx examples/tour/04.ts
import { Device, matmul, softmax } from 'rfclip/engine';

const device = await Device.create();
const queries = device.tensor([2, 0, 0, 2, 1, 1], [3, 2]); // [T, D]: what each token looks for
const keys = device.tensor([2, 0, 0, 2, 2, 2], [3, 2]); // [T, D]: by what each token is found
const values = device.tensor([10, 20, 30], [3, 1]); // [T, 1]: what each token passes on
const scores = matmul(queries, keys, { transposeB: true }); // [T, T]
const weights = softmax(scores, { scale: 1 / Math.sqrt(2) }); // [T, T]: every row adds up to 1
const [shares, mixed] = await device.readAll([weights, matmul(weights, values)]);
const text = (numbers: ArrayLike<number>) => Array.from(numbers, (number) => number.toFixed(3)).join(' ');
for (const token of [0, 1, 2])
  console.log(`token ${token} looks at ${text(shares.slice(3 * token, 3 * token + 3))}: ${mixed[token].toFixed(2)}`);
const large = [100, 101, 102];
const exponentials = large.map((score) => Math.fround(Math.exp(score))); // as a float32 holds them
console.log('by the definition:', text(exponentials.map((e) => e / exponentials.reduce((a, b) => a + b))));
console.log('by the kernel:', text(await softmax(device.tensor(large, [1, 3])).readFloats()));
device.destroy();
