/**
 * Run in a process of its own by `test/library/memory.test.ts`, with `--expose-gc`: opens and closes models of a
 * checkpoint, and measures what the process holds after 20 of them and after 80. Prints JSON.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Model } from '../../library/index.ts';

const [checkpoint] = process.argv.slice(2);
const picture = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64).map((_, i) => i % 251) };
const STATUS = '/proc/self/smaps_rollup';

/** Megabytes of the heap of JavaScript, and of memory that stands for no file; the latter only on Linux. */
async function measure(): Promise<{ heap: number; anonymous: number | undefined }> {
  for (let round = 0; round < 4; round++) {
    (globalThis as { gc?: () => void }).gc!();
    // What was collected lets go of its part in Dawn some turns later.
    await sleep(20);
  }
  const status = existsSync(STATUS) ? readFileSync(STATUS, 'utf8') : '';
  const kilobytes = /^Anonymous:\s+(\d+)/m.exec(status)?.[1];
  return {
    heap: process.memoryUsage().heapUsed / 1e6,
    anonymous: kilobytes === undefined ? undefined : Number(kilobytes) / 1e3,
  };
}

const devices: WeakRef<object>[] = [];

async function openAndClose(number: number): Promise<void> {
  const model = await Model.open({ checkpoint });
  devices.push(new WeakRef(model.device), new WeakRef(model.device.gpu));
  const segmenter = await model.segmenter('cat, grass', { method: 'clip', window: 0, resize: [64, 64] });
  // Compiling kernels takes longer than all the rest.
  if (number % 10 === 0) await segmenter.segment(picture);
  model.close();
}

const measured: Awaited<ReturnType<typeof measure>>[] = [];
for (let number = 1; number <= 80; number++) {
  await openAndClose(number);
  if (number === 20 || number === 80) measured.push(await measure());
}
const alive = devices.filter((device) => device.deref() !== undefined).length;
console.log(JSON.stringify({ after20: measured[0], after80: measured[1], alive }));
