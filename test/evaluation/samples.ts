import { type Confusion, countPixels, emptyConfusion, storeConfusion } from '../../datasets/confusion.ts';
import type { JournalEntry } from '../../evaluation/run/journal.ts';
import type { RunManifest } from '../../evaluation/run/manifest.ts';
import { type EvaluationResult, makeResult } from '../../evaluation/results/result.ts';
import { itemsOfShard } from '../../evaluation/run/shard.ts';
import { evaluationSettings } from '../../datasets/publishedSettings.ts';
import { findMethod } from '../../rfclip/methods/index.ts';

export const CLASSES = 3;

/** A manifest of nothing in particular. */
export function sampleManifest(changes: Partial<RunManifest> = {}): RunManifest {
  return {
    format: 1,
    version: '1.2.3',
    configuration: { dataSet: 'sample', method: 'rfclip', settings: evaluationSettings(findMethod('rfclip')) },
    classes: { count: CLASSES, sha256: 'a'.repeat(64) },
    model: { checkpoint: 'b'.repeat(64), activation: 'gelu', distractionDimensions: [1, 2], dino: null },
    images: { count: 7, sha256: 'c'.repeat(64) },
    shard: { index: 1, count: 1 },
    adapter: 'an adapter',
    ...changes,
  };
}

/** The counts of an image of a few pixels that follow from its number. */
export function countsOf(image: number): Confusion {
  const confusion = emptyConfusion(CLASSES);
  const labels = Array.from({ length: 20 }, (_, i) => (image * 7 + i * i) % (CLASSES + 1));
  countPixels(
    confusion,
    labels.map((label, i) => (label + (i % 3)) % CLASSES),
    labels,
  );
  return confusion;
}

export function entryOf(image: number): JournalEntry {
  return { id: `image ${image}, Zürich`, milliseconds: 12.5, waited: 0.25, confusion: storeConfusion(countsOf(image)) };
}

/** The result of a shard of `images` images. */
export function resultOf(
  images: number,
  index: number,
  count: number,
  changes: Partial<RunManifest> = {},
): EvaluationResult {
  const own = itemsOfShard(
    Array.from({ length: images }, (_, k) => k),
    { index, count },
  );
  const confusion = emptyConfusion(CLASSES);
  for (const image of own) countsOf(image).counts.forEach((pixels, cell) => (confusion.counts[cell] += pixels));
  return makeResult({
    evaluation: sampleManifest(changes),
    title: 'samples',
    shards: { count, indices: [index] },
    images: { selected: own.length, counted: own.length },
    failures: [],
    confusion,
    classes: ['cat', 'a, b', 'the | dog'].map((name) => ({ name, words: [name, `${name}s`] })),
    timings: { network: 10, waited: 1 },
    adapters: ['an adapter'],
    versions: { rfclip: '1.2.3' },
  });
}
