import { prefetch } from '../system/prefetch.ts';
import type { ImagePair } from '../datasets/pairs.ts';
import { openLoader } from './decodeLoaders.ts';

// Loads what it is told to and reports the largest resident memory seen after an image, in MiB. (What the system calls
// the largest would include this process's parent.)
const { threads, pairs } = JSON.parse(process.argv[2]) as { threads: number; pairs: ImagePair[] };
const loader = openLoader(threads);
let peak = 0;
for await (const { loaded } of prefetch(pairs, loader.ahead, (pair) =>
  loader.load(pair, { resize: [2048, 336], reduceZeroLabel: false }),
)) {
  if ('error' in loaded) throw loaded.error;
  peak = Math.max(peak, process.memoryUsage.rss());
}
await loader.close();
process.stdout.write(String(peak / 2 ** 20));
