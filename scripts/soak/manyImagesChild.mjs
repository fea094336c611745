// Segments small images with one model, as its parent asks for, and tells what memory the process holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { Model } from '../../dist/index.js';
import { randomSource } from './random.mjs';

process.on('disconnect', () => process.exit(0));
const random = randomSource(1);
const model = await Model.open();
const segmenter = await model.segmenter('cat, grass, sky', { method: 'naclip', window: 0, resize: [2048, 32] });
let images = 0;

process.on('message', async ({ count }) => {
  try {
    for (let left = count; left > 0; left--, images++) await segmentOne();
    process.send({ images, ...(await memory()) });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});

/** Of a few sizes, so that buffers of all are made again and again. */
async function segmentOne() {
  const [width, height] = [64 + 16 * Math.floor(random() * 4), 64];
  const data = Uint8Array.from({ length: 3 * width * height }, () => random() * 256);
  const result = await segmenter.segment({ width, height, data });
  if (result.labels.data.length !== width * height)
    throw new Error(`${result.labels.data.length} labels of ${width} x ${height}`);
}

async function memory() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    // What was collected lets go of its part in Dawn some turns later.
    await sleep(20);
  }
  const { rss, heapUsed } = process.memoryUsage();
  const pool = model.device.pool.statistics;
  return { resident: rss / 1e6, heap: heapUsed / 1e6, pool: (pool.liveBytes + pool.freeBytes) / 1e6 };
}
