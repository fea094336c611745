/**
 * Run in a process of its own by `test/engine/process.test.ts`: opens a device, computes something, and measures the
 * CPU time of one idle second. Then it destroys the device and does nothing more: the process must end by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Device, scale } from '../../engine/index.ts';

const device = await Device.create({ debug: '' });
const values = await scale(device.tensor([1, 2], [2]), 2).read();
const before = process.cpuUsage();
await sleep(1000);
const { user, system } = process.cpuUsage(before);
device.destroy();
console.log(JSON.stringify({ values: Array.from(values), idleCores: (user + system) / 1e6 }));
