// Tries at length what a short test cannot: kills at random moments, damaged files, thousands of images, a lost device,
// a full disk, two processes on one folder. Prints a table of figures last, and ends with 1 if anything failed.
//
//   npm run build && node scripts/soak.mjs --minutes 60
//   node scripts/soak.mjs --minutes 5 --only images,checkpoints --seed 7
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from 'tsx/esm/api';
import { endCommands } from './soak/command.mjs';
import { Figures } from './soak/figures.mjs';
import { parseOptions } from './soak/options.mjs';
import { makeFolders } from './setup/files.mjs';
import { PARTS } from './soak/parts/index.mjs';
import { randomSource, seedOf } from './soak/random.mjs';

// The tests' file server and damaged files are TypeScript.
register();

const options = parseOptions(
  process.argv.slice(2),
  PARTS.map(({ name }) => name),
);
const parts = PARTS.filter(({ name }) => options.only.includes(name));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-soak-'));
const figures = new Figures(parts.map(({ name }) => name));
const started = performance.now();
const deadline = started + options.minutes * 60_000;
const shared = { folder, options, figures, memo: new Map() };
let interrupted = false;

process.on('SIGINT', () => void finish(130));
process.on('SIGTERM', () => void finish(143));

console.log(`seed ${options.seed}, ${options.minutes} minutes: ${options.only.join(', ')}`);
const left = new Set(parts);
for (let round = 1; left.size > 0; round++) {
  for (const part of left) {
    await playRound(part, round);
    if (performance.now() > deadline || (options.rounds !== undefined && round >= options.rounds)) left.delete(part);
  }
}
await finish(figures.failures.length > 0 ? 1 : 0);

/** One round of a part, in a folder of its own, which is kept where the round fails. */
async function playRound(part, round) {
  // Every part has its first round, however short the time.
  if (interrupted || (round > 1 && performance.now() > deadline)) return;
  const name = `${part.name}-${round}`;
  const place = join(folder, name);
  mkdirSync(place);
  const random = randomSource(seedOf(options.seed, name));
  const before = performance.now();
  try {
    const skipped = await part.round({ ...shared, part: part.name, folder: place, random, round });
    if (interrupted) return;
    if (typeof skipped === 'string') {
      figures.skip(part.name, skipped);
      left.delete(part);
    }
    console.log(`${part.name}, round ${round}: ${skipped ?? 'well'} ${figures.line(part.name)}`);
  } catch (error) {
    if (interrupted) return;
    const kept = keep(place, name, error);
    figures.fail(part.name, `round ${round}: ${error?.message ?? error} (kept in ${kept})`);
    console.log(`${part.name}, round ${round}: FAILED: ${error?.message ?? error}\nkept in ${kept}`);
    // What a part keeps between its rounds may be what is broken.
    await part.close?.(shared);
  } finally {
    figures.time(part.name, performance.now() - before);
    rmSync(place, { recursive: true, force: true });
  }
}

/** Moves what a failed round left to where it survives, with the message. */
function keep(place, name, error) {
  const kept = join(options.keep, `seed-${options.seed}-${name}`);
  rmSync(kept, { recursive: true, force: true });
  makeFolders(kept);
  writeFileSync(join(kept, 'failure.txt'), `${error?.stack ?? error}\n`);
  try {
    renameSync(place, join(kept, 'files'));
  } catch {
    // Another disk; the message names the input where there is one.
  }
  return kept;
}

async function finish(code) {
  if (interrupted) return;
  interrupted = true;
  for (const part of parts) await part.close?.(shared).catch?.((error) => console.error(String(error)));
  endCommands();
  const minutes = (performance.now() - started) / 60_000;
  console.log(`\n${figures.table()}\nseed ${options.seed}, ${minutes.toFixed(1)} minutes`);
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ seed: options.seed, minutes, ...figures.report() }, null, 2)}\n`);
  rmSync(folder, { recursive: true, force: true });
  // Parts that were interrupted in the middle wait for processes that are gone.
  process.exit(code);
}
