/** Ends by an error that nobody caught, with two devices open, of which one is in use; prints which it destroys. */
import { Device } from '../../engine/device.ts';

const [closed, open] = [await Device.create(), await Device.create()];
const destroyed: string[] = [];
for (const [name, { gpu }] of Object.entries({ closed, open })) {
  const destroy = gpu.destroy.bind(gpu);
  Object.defineProperty(gpu, 'destroy', { value: () => (destroyed.push(name), destroy()) });
}
closed.destroy();
process.on('exit', () => console.log(JSON.stringify(destroyed)));
void open.tensor([1, 2], [2]).readFloats();
throw new Error('nobody catches this');
