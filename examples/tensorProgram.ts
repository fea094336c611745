/** A tensor program on the engine alone: attention of three queries. `npx tsx examples/tensorProgram.ts`. */
import { Device, matmul, softmax } from 'rfclip/engine';

const device = await Device.create();
const queries = device.tensor([1, 0, 0, 1, 1, 1], [3, 2]);
const keys = device.tensor([1, 0, 0, 1], [2, 2]);
const values = device.tensor([10, 20], [2, 1]);
// Ops are recorded, and nothing has run yet. What is made inside a scope is freed at its end, but for the result.
const attended = device.scope(() => {
  const weights = softmax(matmul(queries, keys, { transposeB: true }), { scale: 1 / Math.sqrt(2) }); // [3, 2]
  return matmul(weights, values); // [3, 1]
});
// Reading runs what was recorded.
console.log(attended.shape, await attended.read());
device.destroy();
