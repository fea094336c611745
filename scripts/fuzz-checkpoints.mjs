// Opens damaged weight files until RUNS of each kind were tried (default 10,000, of seven kinds), and fails with the
// smallest one that gave anything but a file or a CheckpointError. For nightly runs: node scripts/fuzz-checkpoints.mjs
// [RUNS] [SEED]
import { register } from 'tsx/esm/api';

register();
const { damagedFiles, fuzz } = await import('../test/clip/checkpoint/fuzzing.ts');

const runs = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed)) {
  console.error('usage: node scripts/fuzz-checkpoints.mjs [RUNS] [SEED], both whole numbers');
  process.exit(2);
}
console.log(`${runs} files of each kind, seed ${seed}`);
for (const [kind, files] of Object.entries(damagedFiles)) {
  const started = performance.now();
  const { opened, refused, slowest } = fuzz(files, runs, seed);
  const seconds = (performance.now() - started) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  const figures = `${seconds.toFixed(1)} s, slowest ${slowest.toFixed(0)} ms, peak ${peak.toFixed(0)} MiB`;
  console.log(`${kind}: ${opened} opened, ${refused} refused, ${figures}`);
}
