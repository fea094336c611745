import * as z from 'zod';
import type { ClassList } from '../../rfclip/classes.ts';
import {
  addConfusion,
  type Confusion,
  emptyConfusion,
  restoreConfusion,
  type StoredConfusion,
  storeConfusion,
} from '../../datasets/confusion.ts';
import { areasOf, labelsOutOfRange, metricsOf } from '../../datasets/metrics.ts';
import { EvaluationError } from '../evaluationError.ts';
import type { ModuleIdentity } from '../methodChoice.ts';
import type { Extremes } from './extremes.ts';
import type { JournalEntry } from '../run/journal.ts';
import { type EvaluationIdentity, identityOf } from '../run/manifest.ts';
import type { ImageFailure } from '../run/selection.ts';

/** One class of a result; ratios as in `Metrics`, the rest in pixels. */
export interface ClassResult {
  name: string;
  words: string[];
  iou: number | null;
  accuracy: number | null;
  intersection: number;
  union: number;
  labelled: number;
  predicted: number;
}

/** The outcome of an evaluation, of a shard of one, or of several shards added up: the content of `result.json`. */
export interface EvaluationResult {
  format: 'rfclip-result-1';
  /** What was evaluated; results are added up only where it is equal. */
  evaluation: EvaluationIdentity;
  /** The module that the method comes from, where it is none of ours. */
  methodModule?: ModuleIdentity;
  title: string;
  /** Shards that this result holds, of `count`. */
  shards: { count: number; indices: number[] };
  /** Images that these shards consist of, and those whose pixels were counted. */
  images: { selected: number; counted: number };
  /** The others, sorted by id. */
  failures: ImageFailure[];
  metrics: { mIoU: number | null; mAcc: number | null; aAcc: number | null };
  classes: ClassResult[];
  /** Pixels labelled as no class and not ignored. */
  labelsOutOfRange: number;
  confusion: StoredConfusion;
  timings: Timings;
  /** Empty in results of versions that did not keep them. */
  extremes: Extremes;
  adapters: string[];
  /** Of what it was made with; joined by ", " where shards differ. */
  versions: Record<string, string>;
}

/** Times of all images, in milliseconds. */
export interface Timings {
  /** Network and labelling. */
  network: number;
  /** The device waited: for decoded images, and for what is written of the image before. */
  waited: number;
  /** Images divided by the sum of both: the mean speed of one device where shards are added up. */
  imagesPerSecond: number | null;
}

/** What `makeResult` cannot work out itself. */
export type ResultParts = Pick<
  EvaluationResult,
  'evaluation' | 'title' | 'shards' | 'images' | 'failures' | 'adapters' | 'versions'
> & {
  confusion: Confusion;
  classes: readonly Pick<ClassResult, 'name' | 'words'>[];
  timings: Pick<Timings, 'network' | 'waited'>;
  extremes?: Extremes;
  methodModule?: EvaluationResult['methodModule'];
};

/** Works out everything that follows from the counts. */
export function makeResult(parts: ResultParts): EvaluationResult {
  const { confusion, timings } = parts;
  const areas = areasOf(confusion);
  const { mIoU, mAcc, aAcc, iou, accuracy } = metricsOf(areas);
  const classes = parts.classes.map(({ name, words }, k) => ({
    name,
    words: [...words],
    iou: iou[k],
    accuracy: accuracy[k],
    intersection: areas.intersection[k],
    union: areas.union[k],
    labelled: areas.label[k],
    predicted: areas.prediction[k],
  }));
  const total = timings.network + timings.waited;
  return {
    format: 'rfclip-result-1',
    evaluation: identityOf(parts.evaluation),
    ...(parts.methodModule === undefined ? {} : { methodModule: parts.methodModule }),
    title: parts.title,
    shards: parts.shards,
    images: parts.images,
    failures: parts.failures,
    metrics: { mIoU, mAcc, aAcc },
    classes,
    labelsOutOfRange: labelsOutOfRange(confusion),
    confusion: storeConfusion(confusion),
    timings: {
      network: tenths(timings.network),
      waited: tenths(timings.waited),
      imagesPerSecond: total === 0 ? null : Math.round((1e6 * parts.images.counted) / total) / 1000,
    },
    extremes: parts.extremes ?? { worst: [], best: [] },
    adapters: parts.adapters,
    versions: parts.versions,
  };
}

/**
 * Adds up a journal.
 * @param where how errors name the journal
 * @throws EvaluationError if an entry is of an image that is not in `expected`; RfclipError if one holds no counts for
 *   `list`
 */
export function sumEntries(
  entries: readonly JournalEntry[],
  list: ClassList,
  expected: ReadonlySet<string>,
  where: string,
): { confusion: Confusion; network: number; waited: number } {
  const confusion = emptyConfusion(list.classes.length);
  let [network, waited] = [0, 0];
  for (const entry of entries) {
    if (!expected.has(entry.id))
      throw new EvaluationError(`${where} has ${entry.id}, which is no image of this run`, where);
    addConfusion(confusion, restoreConfusion(entry.confusion, `${where}, ${entry.id}`));
    network += entry.milliseconds;
    waited += entry.waited;
  }
  return { confusion, network, waited };
}

/**
 * Results come from anywhere, and what a thumbnail's path names is read: it must not lead out of the result's folder.
 */
const imageScore = z.object({
  id: z.string(),
  mIoU: z.number(),
  thumbnail: z
    .string()
    .regex(/^thumbnails\/[\w-][\w.-]*\.jpg$/, 'expected thumbnails/NAME.jpg')
    .nullable(),
});

const ratio = z.number().min(0).max(1).nullable();
const pixels = z.int().min(0);
const hash = z.object({ count: z.int().min(0), sha256: z.string() });

const identity = z.looseObject({
  format: z.literal(1),
  version: z.string(),
  configuration: z.looseObject({
    dataSet: z.string(),
    method: z.string(),
    settings: z.record(z.string(), z.unknown()),
  }),
  classes: hash,
  model: z.looseObject({
    checkpoint: z.string(),
    activation: z.string(),
    distractionDimensions: z.array(z.int()).nullable(),
    dino: z.string().nullable(),
    precision: z.enum(['f32', 'f16']).optional(),
  }),
  images: hash,
});

const classResult = z.looseObject({
  name: z.string(),
  words: z.array(z.string()).min(1),
  iou: ratio,
  accuracy: ratio,
  intersection: pixels,
  union: pixels,
  labelled: pixels,
  predicted: pixels,
});

const schema = z
  .looseObject({
    format: z.literal('rfclip-result-1'),
    evaluation: identity,
    title: z.string(),
    shards: z.object({ count: z.int().min(1), indices: z.array(z.int().min(1)).min(1) }),
    images: z.object({ selected: z.int().min(0), counted: z.int().min(0) }),
    failures: z.array(z.object({ id: z.string(), problem: z.string() })),
    metrics: z.object({ mIoU: ratio, mAcc: ratio, aAcc: ratio }),
    classes: z.array(classResult).min(1),
    labelsOutOfRange: pixels,
    confusion: z.object({ classes: z.int(), cells: z.array(z.number()) }),
    timings: z.looseObject({ network: z.number(), waited: z.number(), imagesPerSecond: z.number().nullable() }),
    extremes: z.object({ worst: z.array(imageScore), best: z.array(imageScore) }).default({ worst: [], best: [] }),
    adapters: z.array(z.string()).min(1),
    versions: z.record(z.string(), z.string()),
  })
  .refine(({ classes, confusion }) => confusion.classes === classes.length, {
    path: ['confusion', 'classes'],
    message: 'expected as many as in "classes"',
  });

/**
 * Parses a `result.json`.
 * @param where how errors name the file
 * @throws EvaluationError if it is none
 */
export function parseResult(text: string, where: string): EvaluationResult {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new EvaluationError(`${where} is no JSON, expected a result.json of rfclip eval`, where, { cause });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return { ...(content as EvaluationResult), extremes: parsed.data.extremes };
  const [{ path, message }] = parsed.error.issues;
  throw new EvaluationError(
    `${where} is no result of rfclip eval: ${path.join('.') || 'the document'}: ${message}`,
    where,
  );
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
