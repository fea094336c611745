import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readImage } from '../clip/image/readImage.ts';
import { countPixels, emptyConfusion } from '../datasets/confusion.ts';
import { prefetch } from '../system/prefetch.ts';
import { readGroundTruth } from '../datasets/labels.ts';
import type { ImagePair } from '../datasets/pairs.ts';
import { prepareImage } from '../rfclip/prepareImage.ts';
import {
  benchDecodeEvaluation,
  type DecodeEvaluationFigures,
  type DecodeEvaluationOptions,
  evaluateOnTimer,
} from './decodeEvaluation.ts';
import { type LoaderUnderTest, openLoader, THREADS } from './decodeLoaders.ts';
import { PHOTOGRAPH_KINDS, type PhotographKind, writePhotographs } from './photographs.ts';
import { median } from './statistics.ts';

const SETTINGS = { resize: [2048, 336], reduceZeroLabel: false } as const;
/** Different photographs of a kind. */
const DIFFERENT = 3;
/** Untimed calls of a step, after which it is compiled as well as it gets. */
const WARM_UP = 12;
/** About what a fast GPU takes for a VOC image, in milliseconds. */
const TIMER = 10;

interface PhotographSet {
  kind: PhotographKind;
  pairs: ImagePair[];
  /** The same over and over. */
  images: ImagePair[];
}

/** What was measured, by kind of file or number of threads. */
interface DecodeFigures {
  /** Milliseconds a megapixel of reading the image, resizing it, reading the labels and counting them. */
  steps: { kind: string; read: number; resize: number; labels: number; count: number }[];
  /** Milliseconds until new threads have the first image; 0 threads start nothing. */
  starts: { threads: number; milliseconds: number }[];
  loading: { kind: string; threads: number; pairsPerSecond: number; best: number }[];
  timer: { kind: string; threads: number; imagesPerSecond: number; waitedShare: number }[];
  memory: { threads: number; bytes: number }[];
  evaluation: DecodeEvaluationFigures;
}

/**
 * Times what `rfclip eval` does besides the network: steps per megapixel, pairs that are decoded and resized with 0
 * (the main thread), 1, 2 and 4 threads, the memory of the threads, and a sample evaluation with each.
 */
export async function benchDecode(
  options: DecodeEvaluationOptions,
  print: (line: string) => void,
): Promise<DecodeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-decode-'));
  const loaders = THREADS.map(openLoader);
  try {
    const sets = PHOTOGRAPH_KINDS.map((kind) => {
      const pairs = writePhotographs(folder, kind, DIFFERENT);
      return {
        kind,
        pairs,
        images: Array.from({ length: kind.width > 1000 ? 15 : 60 }, (_, index) => pairs[index % DIFFERENT]),
      };
    });
    return {
      steps: await timeSteps(sets, options.repetitions, print),
      starts: await timeStarts(loaders, sets[0].pairs[0], print),
      loading: await timeLoaders(sets, loaders, options.repetitions, print),
      timer: await timeWithTimer(sets, loaders, options.repetitions, print),
      memory: await measureMemory(sets[sets.length - 1], print),
      evaluation: await benchDecodeEvaluation(loaders, options, print),
    };
  } finally {
    await Promise.all(loaders.map((loader) => loader.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeSteps(
  sets: readonly PhotographSet[],
  repetitions: number,
  print: (line: string) => void,
): Promise<DecodeFigures['steps']> {
  const figures: DecodeFigures['steps'] = [];
  print(`one thread, ms per megapixel of the file, median of ${repetitions}`);
  print(
    'files               pixels       KiB image   KiB labels   read image   resize and normalise   read labels   ' +
      'count pixels',
  );
  for (const { kind, pairs } of sets) {
    const [{ image, label }] = pairs;
    const picture = await readImage(image);
    const { data } = await readGroundTruth(label, SETTINGS);
    const confusion = emptyConfusion(kind.classes);
    const prediction = data.map((value) => (value + 1) % kind.classes);
    const steps: (() => unknown)[] = [
      () => readImage(image),
      () => prepareImage(picture, SETTINGS.resize),
      () => readGroundTruth(label, SETTINGS),
      () => countPixels(confusion, prediction, data),
    ];
    const medians: number[] = [];
    for (const step of steps) {
      const times: number[] = [];
      for (let repetition = -WARM_UP; repetition < repetitions; repetition++) {
        const started = performance.now();
        await step();
        if (repetition >= 0) times.push(performance.now() - started);
      }
      medians.push(median(times) / ((kind.width * kind.height) / 1e6));
    }
    const [read, resize, labels, count] = medians;
    figures.push({ kind: kind.name, read, resize, labels, count });
    const columns = medians.map((time, index) => time.toFixed(2).padStart([12, 22, 13, 14][index]));
    const kibibytes = [image, label].map((path) => (statSync(path).size / 1024).toFixed(0));
    print(
      `${kind.name.padEnd(17)} ${`${kind.width} x ${kind.height}`.padEnd(12)} ${kibibytes[0].padStart(9)} ` +
        `${kibibytes[1].padStart(12)} ${columns.join(' ')}`,
    );
  }
  return figures;
}

async function timeStarts(
  loaders: readonly LoaderUnderTest[],
  pair: ImagePair,
  print: (line: string) => void,
): Promise<DecodeFigures['starts']> {
  const starts: DecodeFigures['starts'] = [];
  for (const loader of loaders)
    if (loader.threads > 0)
      starts.push({ threads: loader.threads, milliseconds: 1000 / (await pairsPerSecond(loader, [pair])) });
  const texts = starts.map(({ milliseconds }) => milliseconds.toFixed(0));
  print(
    `\nms until new threads have the first image: ${['-', ...texts].join(', ')} (threads: ` +
      `${THREADS.join(', ')}; 0 is the main thread)`,
  );
  return starts;
}

async function timeLoaders(
  sets: readonly PhotographSet[],
  loaders: readonly LoaderUnderTest[],
  repetitions: number,
  print: (line: string) => void,
): Promise<DecodeFigures['loading']> {
  print(`\npairs loaded per second by so many threads, median and best of ${repetitions} interleaved rounds`);
  const rounds = await inTurns(sets, loaders, repetitions, (loader, { images }) => pairsPerSecond(loader, images));
  printTable(sets, rounds, (rates) => `${median(rates).toFixed(1)} / ${Math.max(...rates).toFixed(1)}`, print);
  return figuresOf(sets, rounds, (rates) => ({ pairsPerSecond: median(rates), best: Math.max(...rates) }));
}

async function pairsPerSecond({ load, ahead }: LoaderUnderTest, pairs: readonly ImagePair[]): Promise<number> {
  const started = performance.now();
  for await (const { loaded } of prefetch(pairs, ahead, (pair) => load(pair, SETTINGS)))
    if ('error' in loaded) throw loaded.error;
  return (1000 * pairs.length) / (performance.now() - started);
}

async function timeWithTimer(
  sets: readonly PhotographSet[],
  loaders: readonly LoaderUnderTest[],
  repetitions: number,
  print: (line: string) => void,
): Promise<DecodeFigures['timer']> {
  print(
    `\nthe same with a device that takes ${TIMER} ms an image (a timer): images per second, and the share of the ` +
      `time in which it waited, for an image or until the one before was counted, medians`,
  );
  const rounds = await inTurns(sets, loaders, repetitions, (loader, { kind, images }) =>
    evaluateOnTimer(loader, images, kind.classes, TIMER),
  );
  printTable(
    sets,
    rounds,
    (all) =>
      `${median(all.map(({ rate }) => rate)).toFixed(1)}, ` +
      `${(100 * median(all.map(({ waiting }) => waiting))).toFixed(0)} %`,
    print,
  );
  return figuresOf(sets, rounds, (all) => ({
    imagesPerSecond: median(all.map(({ rate }) => rate)),
    waitedShare: median(all.map(({ waiting }) => waiting)),
  }));
}

/** A row for every kind of file and number of threads. */
function figuresOf<Value, Figures extends object>(
  sets: readonly PhotographSet[],
  rounds: readonly Value[][][],
  sum: (values: Value[]) => Figures,
): ({ kind: string; threads: number } & Figures)[] {
  return sets.flatMap(({ kind }, s) =>
    THREADS.map((threads, l) => ({ kind: kind.name, threads, ...sum(rounds[s][l]) })),
  );
}

/** What is measured for every set, loader and round, after two rounds in which every thread gets its code compiled. */
async function inTurns<Value>(
  sets: readonly PhotographSet[],
  loaders: readonly LoaderUnderTest[],
  repetitions: number,
  measure: (loader: LoaderUnderTest, set: PhotographSet) => Promise<Value>,
): Promise<Value[][][]> {
  const values = sets.map(() => loaders.map((): Value[] => []));
  for (const [s, set] of sets.entries()) {
    for (let round = -2; round < repetitions; round++) {
      for (const [l, loader] of loaders.entries()) {
        const value = await measure(loader, set);
        if (round >= 0) values[s][l].push(value);
      }
    }
  }
  return values;
}

function printTable<Value>(
  sets: readonly PhotographSet[],
  rounds: readonly Value[][][],
  format: (values: Value[]) => string,
  print: (line: string) => void,
): void {
  print(`threads          ${THREADS.map((threads) => String(threads).padStart(16)).join('')}`);
  sets.forEach(({ kind }, index) =>
    print(`${kind.name.padEnd(17)}${rounds[index].map((values) => format(values).padStart(16)).join('')}`),
  );
}

async function measureMemory(
  { kind, images }: PhotographSet,
  print: (line: string) => void,
): Promise<DecodeFigures['memory']> {
  const child = fileURLToPath(new URL('./decodeChild.js', import.meta.url));
  const peaks: DecodeFigures['memory'] = [];
  for (const threads of THREADS) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      child,
      JSON.stringify({ threads, pairs: [...images, ...images, ...images] }),
    ]);
    peaks.push({ threads, bytes: Number(stdout) * 2 ** 20 });
  }
  print(
    `\nlargest resident memory of a process that loads ${3 * images.length} x ${kind.name}, MiB: ` +
      `${peaks.map(({ bytes }) => (bytes / 2 ** 20).toFixed(0)).join(', ')} (threads: ${THREADS.join(', ')})`,
  );
  return peaks;
}
