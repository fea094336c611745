import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BENCHMARKS } from '../../datasets/benchmarks/index.ts';
import { effectiveConfiguration } from '../../evaluation/configuration.ts';
import { type DataSet, openDataSet } from '../../datasets/dataSet.ts';
import type { Prediction } from '../../evaluation/prediction.ts';
import { evaluateImages } from '../../evaluation/run/evaluateImages.ts';
import { classListSha256 } from '../../evaluation/run/manifest.ts';
import { mergeResults, type NamedResult } from '../../evaluation/results/merge.ts';
import { openPairLoader, type ThreadedPairLoader } from '../../evaluation/loading/pairLoaderPool.ts';
import { type EvaluationResult, makeResult, sumEntries } from '../../evaluation/results/result.ts';
import { openRunFolder } from '../../evaluation/run/runFolder.ts';
import { selectImages } from '../../evaluation/run/selection.ts';
import { type Shard, WHOLE } from '../../evaluation/run/shard.ts';
import { publishedMethod } from '../support/methodNames.ts';
import { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';
import { randomFloats } from '../support/random.ts';
import { TINY_DISTRACTION_DIMENSIONS, useTinyClip } from '../support/useTinyClip.ts';
import { countByOracle } from '../datasets/countOracle.ts';
import { buildMiniature } from '../datasets/miniatures.ts';

const tiny = useTinyClip();
let folder: string;
let loader: ThreadedPairLoader;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-eight-'));
  loader = openPairLoader({ threads: 1 });
});
afterAll(async () => {
  await loader.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a shard, at first for `stopAfter` images only; returns its result, or undefined where it was stopped. */
async function run(
  dataSet: DataSet,
  name: string,
  shard: Shard,
  stopAfter: number,
  predictions: Map<string, Prediction>,
): Promise<EvaluationResult | undefined> {
  const configuration = effectiveConfiguration({
    dataSet: dataSet.name,
    method: 'rfclip',
    flags: {
      resize: [2048, 64],
      stride: 32,
      ...(dataSet.benchmark!.settings.rfclip!.window === 0 ? {} : { window: 48 }),
    },
  });
  const encoder = tiny.images('tiny_b');
  const { classes } = dataSet;
  const textFeatures = unitRows(
    randomFloats(5, classes.queries.length * encoder.config.embedding),
    encoder.config.embedding,
  );
  const segmenter = new SegmentationPipeline({
    encoder,
    method: publishedMethod('rfclip', TINY_DISTRACTION_DIMENSIONS),
    classes,
    textFeatures,
    settings: configuration.settings,
  });
  const selection = selectImages(dataSet, { shard });
  const place = mkdtempSync(join(folder, `${name}-`));
  const evaluation = {
    format: 1 as const,
    version: '1',
    configuration,
    classes: { count: classes.classes.length, sha256: classListSha256(classes) },
    model: { checkpoint: '', activation: '', distractionDimensions: null, dino: null },
    images: selection.images,
  };
  let result: EvaluationResult | undefined;
  for (const limit of [stopAfter, Infinity]) {
    const runFolder = await openRunFolder(
      place,
      { ...evaluation, shard, adapter: '' },
      { resume: true, write: async (path, text) => writeFileSync(path, text) },
    );
    const entries = [...runFolder.journal.entries];
    const done = new Set(entries.map(({ id }) => id));
    const stop = new AbortController();
    const finished = await evaluateImages({
      segmenter,
      pairs: selection.pairs.filter(({ id }) => !done.has(id)),
      settings: { resize: configuration.settings.resize, reduceZeroLabel: dataSet.reduceZeroLabel },
      load: loader.load,
      ahead: loader.ahead,
      signal: stop.signal,
      onCounted: async ({ pair: { id }, prediction }) => void predictions.set(id, prediction),
      onDone: (entry) => {
        runFolder.journal.append(entry);
        entries.push(entry);
        if (entries.length === limit) stop.abort();
      },
      onFailure: ({ problem }) => expect.unreachable(problem),
    });
    runFolder.close();
    if (!finished) continue;
    const { confusion, network, waited } = sumEntries(
      entries,
      classes,
      new Set(selection.pairs.map(({ id }) => id)),
      place,
    );
    result = makeResult({
      evaluation,
      title: '',
      shards: { count: shard.count, indices: [shard.index] },
      images: { selected: selection.count, counted: entries.length },
      failures: [],
      confusion,
      classes: classes.classes,
      timings: { network, waited },
      adapters: [],
      versions: {},
    });
  }
  segmenter.dispose();
  return result;
}

function unitRows(values: Float32Array, width: number): Float32Array {
  for (let row = 0; row < values.length; row += width) {
    const length = Math.hypot(...values.subarray(row, row + width));
    for (let i = row; i < row + width; i++) values[i] /= length;
  }
  return values;
}

describe(
  'a miniature of every benchmark in its layout, with its published settings, stopped, resumed, split and ' + 'merged',
  () => {
    test.each(BENCHMARKS.map((benchmark) => [benchmark.name, benchmark] as const))(
      '%s counts what the oracle counts',
      async (name, benchmark) => {
        const { ids } = buildMiniature(benchmark, join(folder, name));
        const dataSet = openDataSet(name, join(folder, name));
        const predictions = new Map<string, Prediction>();
        const whole = (await run(dataSet, name, WHOLE, 1, predictions))!;
        expect(whole.images).toEqual({ selected: ids.length, counted: ids.length });
        expect(whole.confusion.cells).toEqual(await countByOracle(dataSet, (id) => predictions.get(id)!.labels));
        expect(whole.classes.map((entry) => entry.name)).toEqual(benchmark.classes.map(([className]) => className));
        const shards: NamedResult[] = [];
        for (const index of [1, 2])
          shards.push({
            name: `${index}`,
            result: (await run(dataSet, name, { index, count: 2 }, Infinity, new Map()))!,
          });
        expect(mergeResults(shards)).toMatchObject({ confusion: whole.confusion, metrics: whole.metrics });
      },
    );
  },
);
