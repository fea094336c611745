// Damages files and reads them, as its parent asks for; a process of its own, because a file may crash or hang it.
import { rmSync, writeFileSync } from 'node:fs';
import { register } from 'tsx/esm/api';

register();
const MAKERS = {
  images: async () => {
    const { damagedImage, readDamagedImage } = await import('../../test/clip/image/fuzzing.ts');
    return { make: damagedImage, read: (path, { bytes }) => readDamagedImage(bytes) };
  },
  checkpoints: async () => {
    const { damagedCheckpoint, readDamagedCheckpoint } = await import('../../test/clip/checkpoint/fuzzing.ts');
    return { make: damagedCheckpoint, read: (path, { bytes }) => readDamagedCheckpoint(path, bytes.length) };
  },
};
const makers = {};

process.on('disconnect', () => process.exit(0));
process.on('message', async ({ kind, seed, count, input }) => {
  try {
    makers[kind] ??= await MAKERS[kind]();
    const answer = await tryFiles(makers[kind], seed, count, input);
    process.send(answer);
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});

async function tryFiles({ make, read }, seed, count, input) {
  const counts = {};
  const slowest = { milliseconds: 0, run: -1 };
  for (let run = 0; run < count; run++) {
    const file = make(seed, run);
    // Where a file ends the process, this is what it was.
    writeFileSync(input, file.bytes);
    const before = process.cpuUsage();
    let outcome;
    try {
      outcome = await read(input, file);
    } catch (error) {
      throw new Error(`file ${run}, ${file.name}: ${error?.stack ?? error}`, { cause: error });
    }
    const { user, system } = process.cpuUsage(before);
    const milliseconds = (user + system) / 1000;
    if (milliseconds > slowest.milliseconds) Object.assign(slowest, { milliseconds, run });
    const key = `${file.name}: ${outcome}`;
    counts[key] = (counts[key] ?? 0) + 1;
    if (run % 50 === 0) process.send({ alive: true });
  }
  rmSync(input, { force: true });
  globalThis.gc();
  return { counts, slowest, megabytes: Math.round(process.memoryUsage.rss() / 1e6) };
}
