// Reads damaged pictures of every format until RUNS were tried (default 20,000), and fails with the first one that gave
// anything but pixels or an ImageError. For nightly runs: node scripts/fuzz-images.mjs [RUNS] [SEED]
import { register } from 'tsx/esm/api';

register();
const { fuzzImages } = await import('../test/clip/image/fuzzing.ts');

const runs = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed)) {
  console.error('usage: node scripts/fuzz-images.mjs [RUNS] [SEED], both whole numbers');
  process.exit(2);
}
console.log(`${runs} files, seed ${seed}`);
const started = performance.now();
const { decoded, refused, slowest } = await fuzzImages(runs, seed);
const memory = Math.round(process.memoryUsage.rss() / 1e6);
console.log(
  `${decoded} decoded, ${refused} refused, ${((performance.now() - started) / 1000).toFixed(1)} s, the slowest ` +
    `${slowest.milliseconds.toFixed(0)} ms (run ${slowest.run}), ${memory} MB resident at the end`,
);
