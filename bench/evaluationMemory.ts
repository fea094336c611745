import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { listVocFolder } from '../datasets/vocFolder.ts';
import { makeFolders } from '../system/makeFolders.ts';
import { SAMPLE_FOLDER } from '../datasets/sampleFolder.ts';

/** Long enough for a leak of a few kilobytes an image to show. */
const IMAGES = 2000;
/** Caches and pools have filled by then. */
const SETTLED = 100;
const EVERY = 100;

/**
 * Resident memory of a whole `rfclip eval` process over 2,000 images: the sample's scenes over and over, as small as
 * the network takes them. Growth is that of the highest value after the first 100 images against the value there. Linux
 * only.
 */
export async function benchEvaluationMemory(
  options: { adapter?: string },
  print: (line: string) => void,
): Promise<{ rows: { images: number; bytes: number }[]; growth: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-memory-'));
  try {
    makeData(join(folder, 'data'));
    const samples = await residentWhileEvaluating(folder, options.adapter);
    print(
      `resident memory of rfclip eval over ${IMAGES} images of 252x336 to 448x448, resized to a short side of 112, ` +
        `MB (10^6 bytes)`,
    );
    print('images    resident');
    for (const { images, bytes } of samples)
      print(`${String(images).padStart(6)} ${(bytes / 1e6).toFixed(1).padStart(11)}`);
    const settled = samples.find(({ images }) => images === SETTLED)!.bytes;
    const highest = Math.max(...samples.filter(({ images }) => images > SETTLED).map(({ bytes }) => bytes));
    const growth = (highest - settled) / settled;
    print(`growth after the first ${SETTLED} images: ${(100 * growth).toFixed(1)} %`);
    return { rows: samples, growth };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeData(folder: string): void {
  for (const part of ['JPEGImages', 'SegmentationClass', 'ImageSets/Segmentation']) makeFolders(join(folder, part));
  const { pairs } = listVocFolder(SAMPLE_FOLDER);
  const ids = Array.from({ length: IMAGES }, (_, k) => `image_${String(k).padStart(5, '0')}`);
  ids.forEach((id, k) => {
    const { image, label } = pairs[k % pairs.length];
    symlinkSync(image, join(folder, 'JPEGImages', `${id}.jpg`));
    symlinkSync(label, join(folder, 'SegmentationClass', `${id}.png`));
  });
  symlinkSync(join(SAMPLE_FOLDER, 'classes.txt'), join(folder, 'classes.txt'));
  writeFileSync(join(folder, 'ImageSets/Segmentation/val.txt'), ids.join('\n'));
}

async function residentWhileEvaluating(
  folder: string,
  adapter: string | undefined,
): Promise<{ images: number; bytes: number }[]> {
  const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const flags = [
    '--method',
    'naclip',
    '--resize',
    '112',
    '--whole',
    '--shard',
    'none',
    ...(adapter === undefined ? [] : ['--adapter', adapter]),
  ];
  const child = spawn(
    process.execPath,
    [main, 'eval', 'folder', '--data', join(folder, 'data'), '--out', join(folder, 'out'), ...flags],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const samples: { images: number; bytes: number }[] = [];
  let lines = '';
  for await (const line of createInterface({ input: child.stderr })) {
    const images = Number(/^\[(\d+)\//.exec(line)?.[1] ?? 0);
    if (images > 0 && images % EVERY === 0) samples.push({ images, bytes: residentBytes(child.pid!) });
    else if (images === 0) lines += `${line}\n`;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the evaluation ended with code ${code}: ${lines}`);
  return samples;
}

function residentBytes(pid: number): number {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}
