// 00: nothing runs until a value is read. From a checkout: npx tsx examples/tour/00.ts
import { add, Device, scale } from 'rfclip/engine';

const device = await Device.create();
const report = (when: string) => {
  const { dispatches, submits } = device.recorder;
  console.log(`${when}: recorded ${dispatches}, submitted ${submits}, buffers ${device.pool.statistics.liveBuffers}`);
};
const x = device.tensor([1, 2, 3, 4], [2, 2]);
const y = device.scope(() => {
  const sum = add(scale(x, 2), x);
  report('inside the scope');
  return scale(sum, 10); // all else that was made in the scope is freed at its end
});
report('after the scope ');
console.log(`y: ${(await y.read()).join(' ')}`); // now everything runs
report('after reading   ');
device.destroy();
