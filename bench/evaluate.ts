import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImagePair } from '../datasets/pairs.ts';
import { openDevice } from '../engine/openDevice.ts';
import type { Precision } from '../engine/precision.ts';
import { openPairLoader, type ThreadedPairLoader } from '../evaluation/loading/pairLoaderPool.ts';
import { evaluateImages } from '../evaluation/run/evaluateImages.ts';
import type { ImageCosts } from './evaluateCountsChild.ts';
import { type PhotographKind, writePhotographs } from './photographs.ts';
import { ARCHITECTURES } from './randomCheckpoint.ts';
import { type Mode, MODES, randomPipelines } from './randomPipeline.ts';

/** What to time. */
export interface EvaluateOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  precision: Precision;
}

/** A row of the table. */
export interface EvaluationRow extends ImageCosts {
  precision: 'f32' | 'f16';
  /** Programs in flight, each of `together` images. */
  depth: number;
  imagesPerSecond: number;
  /** Share of the time in which the device had no image. */
  waitedShare: number;
  peakBytes: number;
}

const KIND: PhotographKind = {
  name: 'photograph',
  width: 448,
  height: 336,
  format: 'jpeg',
  grain: 25,
  classes: 21,
};

/** Images, or programs of several, in flight, and images that share a program. */
const CONFIGURATIONS = [
  [1, 1],
  [2, 1],
  [3, 1],
  [3, 2],
  [3, 4],
] as const;

/** Different photographs, and how long each configuration is evaluated at least. */
const PHOTOGRAPHS = 16;
const SECONDS = 1.5;

/**
 * Times evaluations of made-up photographs of 448x336 with random networks, decoding in threads included, whole and
 * with windows, 1 to 3 images in flight, and 2 or 4 of them together. What the main thread does, and the counts, come
 * from a device that runs nothing. On a software adapter only ViT-B/16 is run, one image in flight.
 */
export async function benchEvaluate(
  options: EvaluateOptions,
  print: (line: string) => void,
): Promise<{ adapter: string; rows: EvaluationRow[] }> {
  const costs = measureCosts();
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-bench-'));
  const loader = openPairLoader({ threads: Math.max(1, availableParallelism() - 2) });
  const { adapter, profile = 'default', precision } = options;
  const device = await openDevice({ adapter, profile, precision });
  const rows: EvaluationRow[] = [];
  try {
    const isSoftware = device.adapterClass === 'software';
    const photographs = writePhotographs(folder, KIND, isSoftware ? 4 : PHOTOGRAPHS);
    const used = device.products.precision;
    print(`evaluation of 448x336 JPEGs, ${used}, adapter ${device.name}, Dawn profile ${profile}`);
    print(
      'model     mode     depth  together  images/s  waited  main thread ms  dispatches  submits  passes  peak MiB',
    );
    for (const [model, config] of Object.entries(ARCHITECTURES)) {
      if (isSoftware && model !== 'ViT-B/16') continue;
      const { result: pipelineOf, tensors } = device.collect(() => randomPipelines(device, config));
      for (const mode of Object.keys(MODES) as Mode[]) {
        for (const [depth, together] of isSoftware ? CONFIGURATIONS.slice(0, 1) : CONFIGURATIONS) {
          const pipeline = pipelineOf(mode, together);
          const live = device.pool.statistics.liveBytes;
          await timeImages(pipeline, photographs.slice(0, 2), loader, depth);
          device.pool.resetPeak();
          const run = await repeat((pairs) => timeImages(pipeline, pairs, loader, depth), photographs);
          pipeline.dispose();
          const cost = costs.find((one) => one.model === model && one.mode === mode && one.together === together)!;
          const row = { ...cost, precision: used, depth, ...run };
          rows.push({ ...row, peakBytes: device.pool.statistics.peakBytes - live });
          print(formatRow(rows.at(-1)!));
        }
      }
      for (const tensor of tensors) tensor.dispose();
    }
    return { adapter: device.name, rows };
  } finally {
    await loader.close();
    device.destroy();
    rmSync(folder, { recursive: true });
  }
}

/** In a process of its own, because Dawn is created once in each. */
function measureCosts(): ImageCosts[] {
  const child = fileURLToPath(new URL('./evaluateCountsChild.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [child], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the costs could not be measured: ${stderr}`);
  return JSON.parse(stdout) as ImageCosts[];
}

interface Times {
  imagesPerSecond: number;
  waitedShare: number;
}

async function repeat(
  time: (pairs: readonly ImagePair[]) => Promise<Times>,
  photographs: readonly ImagePair[],
): Promise<Times> {
  const first = await time(photographs);
  const copies = Math.ceil((SECONDS * first.imagesPerSecond) / photographs.length);
  if (copies <= 1) return first;
  return time(
    Array.from({ length: copies }, (_, copy) =>
      photographs.map((pair) => ({ ...pair, id: `${pair.id}/${copy}` })),
    ).flat(),
  );
}

async function timeImages(
  segmenter: ReturnType<ReturnType<typeof randomPipelines>>,
  pairs: readonly ImagePair[],
  { load, ahead }: ThreadedPairLoader,
  inFlight: number,
): Promise<Times> {
  let waited = 0;
  const started = performance.now();
  await evaluateImages({
    segmenter,
    pairs,
    settings: { resize: segmenter.settings.resize, reduceZeroLabel: false },
    load,
    ahead,
    inFlight,
    together: (input) => segmenter.imagesTogether(input),
    onDone: (entry) => void (waited += entry.waited),
    onFailure: ({ problem }) => {
      throw new Error(problem);
    },
  });
  const wall = performance.now() - started;
  return { imagesPerSecond: (1000 * pairs.length) / wall, waitedShare: waited / wall };
}

function formatRow(row: EvaluationRow): string {
  return [
    row.model.padEnd(9),
    row.mode.padEnd(8),
    String(row.depth).padStart(5),
    String(row.together).padStart(9),
    row.imagesPerSecond.toFixed(1).padStart(9),
    `${(100 * row.waitedShare).toFixed(0)} %`.padStart(7),
    row.mainThreadMs.toFixed(2).padStart(15),
    inShort(row.dispatches).padStart(11),
    inShort(row.submits).padStart(8),
    inShort(row.passes).padStart(7),
    (row.peakBytes / 2 ** 20).toFixed(1).padStart(9),
  ].join(' ');
}

function inShort(count: number): string {
  return String(Math.round(10 * count) / 10);
}
