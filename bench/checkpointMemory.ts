/**
 * Resident memory while ViT-L/14-sized weights are read, in OpenAI's archive layout.
 * `node dist/bench/checkpointMemory.js` reads every tensor; with `--gpu` both towers are uploaded instead.
 * The bound without a GPU is a quarter of the file plus 300 MB.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../clip/config.ts';
import { writeOpenAiArchive } from './openAiArchive.ts';
import { ARCHITECTURES } from './randomCheckpoint.ts';

const MB = 1e6;

/** Peak resident memory of this process in bytes, as the kernel counts it. */
function peakResident(): number {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
}

async function measure(path: string, gpu: boolean): Promise<void> {
  const before = peakResident();
  const started = performance.now();
  const file = openCheckpoint(path);
  const config = inferConfig(file);
  const opened = performance.now();
  if (gpu) {
    const { Device } = await import('../engine/device.ts');
    const { ImageEncoder } = await import('../clip/imageEncoder.ts');
    const { TextEncoder } = await import('../clip/textEncoder.ts');
    const device = await Device.create({});
    const withDevice = peakResident();
    ImageEncoder.load(device, file, config);
    TextEncoder.load(device, file, config);
    await device.synchronize();
    console.log(
      `adapter ${device.name}: ${(device.pool.statistics.liveBytes / MB).toFixed(0)} MB of tensors; ` +
        `${(withDevice / MB).toFixed(0)} MB resident with the device alone`,
    );
    device.destroy();
  } else {
    for (const name of file.tensors.keys()) file.read(name);
  }
  const limit = statSync(path).size / 4 + 300 * MB;
  console.log(
    `open ${(opened - started).toFixed(0)} ms, ${file.tensors.size} tensors in ` +
      `${((performance.now() - opened) / 1000).toFixed(2)} s; ` +
      `peak resident ${(peakResident() / MB).toFixed(0)} MB (${(before / MB).toFixed(0)} MB before), file ` +
      `${(statSync(path).size / MB).toFixed(0)} MB, bound ${(limit / MB).toFixed(0)} MB`,
  );
  file.close();
}

const read = process.argv.indexOf('--read');
if (read >= 0) {
  await measure(process.argv[read + 1], process.argv.includes('--gpu'));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-memory-'));
  try {
    const path = join(folder, 'ViT-L-14.pt');
    writeOpenAiArchive(path, ARCHITECTURES['ViT-L/14']);
    // A fresh process, whose peak is that of reading alone.
    const flags = process.argv.includes('--gpu') ? ['--gpu'] : [];
    const result = spawnSync(
      process.execPath,
      [...process.execArgv, fileURLToPath(import.meta.url), '--read', path, ...flags],
      { stdio: 'inherit' },
    );
    process.exitCode = result.status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
