import { setTimeout } from 'node:timers/promises';
import { effectiveConfiguration } from '../evaluation/configuration.ts';
import { openDataSet } from '../datasets/dataSet.ts';
import { evaluateImages } from '../evaluation/run/evaluateImages.ts';
import type { ImagePair } from '../datasets/pairs.ts';
import { Device } from '../engine/device.ts';
import { ClipModel } from '../rfclip/clipModel.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import { findMethod } from '../rfclip/methods/index.ts';
import type { LoaderUnderTest } from './decodeLoaders.ts';
import { median } from './statistics.ts';

/** What to time. */
export interface DecodeEvaluationOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  repetitions: number;
}

/** A row for every number of threads. */
export interface DecodeEvaluationFigures {
  adapter: string;
  /** `idleShare`: of the time, that in which no kernel ran; null where there are no timestamps. */
  rows: { threads: number; imagesPerSecond: number; waitedShare: number; idleShare: number | null }[];
}

const IMAGES = 12;

/**
 * Times a sample evaluation (naclip, embedded checkpoint) with each loader in turn: images per second, the share of the
 * time in which the device waited, for an image or until the one before was counted (no files are written here), and,
 * in a last round with timestamps around every kernel, in which none ran.
 */
export async function benchDecodeEvaluation(
  loaders: readonly LoaderUnderTest[],
  options: DecodeEvaluationOptions,
  print: (line: string) => void,
): Promise<DecodeEvaluationFigures> {
  const timed = await evaluateWithEach(loaders, options, options.repetitions, false);
  const profiled = await evaluateWithEach(loaders, options, 1, true);
  print(
    `\nsample evaluation, naclip, embedded checkpoint, ${IMAGES} images, adapter ${timed.adapter}, median of ` +
      `${options.repetitions} interleaved rounds`,
  );
  print('waited: for a decoded image, or until the one before was counted');
  print('threads   images/s   device waited   no kernel ran (profiled round)');
  const rows = loaders.map(({ threads }, k) => {
    const rounds = timed.rounds.map((round) => round[k]);
    const rate = median(rounds.map(({ wall }) => (1000 * IMAGES) / wall));
    const waited = median(rounds.map((round) => round.waited / round.wall));
    const [{ wall, kernels }] = profiled.rounds.map((round) => round[k]);
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    print(
      `${String(threads).padStart(7)} ${rate.toFixed(2).padStart(10)} ${percent(waited).padStart(15)} ` +
        `${(kernels === undefined ? 'no timestamps' : percent(1 - kernels / wall)).padStart(32)}`,
    );
    const idleShare = kernels === undefined ? null : 1 - kernels / wall;
    return { threads, imagesPerSecond: rate, waitedShare: waited, idleShare };
  });
  return { adapter: timed.adapter, rows };
}

/**
 * Evaluates with a timer in the place of the device: images per second, and the share of the time in which the timer
 * waited, for an image or until the one before was counted.
 */
export async function evaluateOnTimer(
  { load, ahead }: LoaderUnderTest,
  pairs: readonly ImagePair[],
  classes: number,
  milliseconds: number,
): Promise<{ rate: number; waiting: number }> {
  const segment = async (_: unknown, height: number, width: number) => {
    await setTimeout(milliseconds);
    return { labels: new Uint8Array(height * width) };
  };
  const segmenter = {
    classes: { classes: Array.from({ length: classes }) },
    segment,
  } as unknown as SegmentationPipeline;
  let waited = 0;
  const started = performance.now();
  await evaluateImages({
    segmenter,
    pairs,
    settings: { resize: [2048, 336], reduceZeroLabel: false },
    load,
    ahead,
    onDone: (entry) => void (waited += entry.waited),
    onFailure: stop,
  });
  const wall = performance.now() - started;
  return { rate: (1000 * pairs.length) / wall, waiting: waited / wall };
}

function stop({ problem }: { problem: string }): never {
  throw new Error(problem);
}

/** Milliseconds of one evaluation. */
interface Round {
  wall: number;
  /** As in journal entries. */
  waited: number;
  /** In which a kernel ran, where there are timestamps. */
  kernels?: number;
}

/** Rounds of one evaluation per loader, after one that also compiles the kernels. */
async function evaluateWithEach(
  loaders: readonly LoaderUnderTest[],
  options: DecodeEvaluationOptions,
  repetitions: number,
  profileKernels: boolean,
): Promise<{ adapter: string; rounds: Round[][] }> {
  const device = await Device.create({ adapter: options.adapter, profile: options.profile, profileKernels });
  try {
    const model = ClipModel.open({ device });
    const dataSet = openDataSet('sample');
    const configuration = effectiveConfiguration({ dataSet: 'sample', method: 'naclip' });
    const textFeatures = await model.encodeWords(dataSet.classes.queries);
    const { method, settings } = configuration;
    const segmenter = await model.segmenter(dataSet.classes, findMethod(method), settings, textFeatures);
    const evaluate = async ({ load, ahead }: LoaderUnderTest): Promise<Round> => {
      device.profiler?.reset();
      let waited = 0;
      const started = performance.now();
      await evaluateImages({
        segmenter,
        pairs: dataSet.pairs.slice(0, IMAGES),
        settings: { resize: configuration.settings.resize, reduceZeroLabel: false },
        load,
        ahead,
        onDone: (entry) => void (waited += entry.waited),
        onFailure: stop,
      });
      return {
        wall: performance.now() - started,
        waited,
        kernels: device.profiler?.times.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      };
    };
    await evaluate(loaders[0]);
    const rounds: Round[][] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const round: Round[] = [];
      for (const loader of loaders) round.push(await evaluate(loader));
      rounds.push(round);
    }
    segmenter.dispose();
    model.close();
    return { adapter: device.name, rounds };
  } finally {
    device.destroy();
  }
}
