// 00: nothing runs until a value is read. From a checkout: npx tsx examples/tour/00.ts
import { add, Device, scale } from 'rfclip/engine';

const device = await Device.create();
const { recorder, pool } = device;
const report = (when: string) => {
  const { liveBuffers } = pool.statistics;
  console.log(`${when}: ${recorder.dispatches} recorded, ${recorder.submits} submitted, ${liveBuffers} buffers in use`);
};
const x = device.tensor([1, 2, 3, 4], [2, 2]);
const y = device.scope(() => {
  const doubled = scale(x, 2);
  const sum = add(doubled, x);
  report('inside the scope');
  return scale(sum, 10); // the others are freed at the end of the scope, this one is not
});
report('after the scope ');
console.log(`y: ${(await y.read()).join(' ')}`); // now everything runs
report('after reading   ');
device.destroy();
