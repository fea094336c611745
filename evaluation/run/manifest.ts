import { readFileSync } from 'node:fs';
import type { ClassList } from '../../rfclip/classes.ts';
import type { EffectiveConfiguration } from '../configuration.ts';
import { EvaluationError } from '../evaluationError.ts';
import type { Shard } from './shard.ts';
import { sha256 } from '../../system/platform.ts';

/**
 * What decides the counts of an evaluation. Equal descriptions on equal files give equal counts, up to rounding of
 * adapters.
 */
export interface EvaluationIdentity {
  /** Of this format. */
  format: 1;
  /** Of rfclip. */
  version: string;
  configuration: EffectiveConfiguration;
  classes: { count: number; sha256: string };
  /** Files by their content; the rest because flags can change it. */
  model: {
    checkpoint: string;
    activation: string;
    distractionDimensions: readonly number[] | null;
    dino: string | null;
    /** Which of several networks in the files, where somebody chose it. */
    prefix?: string;
    dinoPrefix?: string;
    /** In what products were computed; absent in those of versions that knew f32 only. */
    precision?: 'f32' | 'f16';
  };
  /** All images of the evaluation, before it is split into shards. */
  images: { count: number; sha256: string };
}

/** Written before the first image; a run goes on only where it still holds. */
export interface RunManifest extends EvaluationIdentity {
  shard: Shard;
  /** Of the first start. */
  adapter: string;
}

/** Names of what may differ, for sentences; settings have their own rule. */
const NAMES: Record<string, string> = {
  format: 'the format of the run',
  version: 'the version of rfclip',
  'configuration.dataSet': 'the data set',
  'configuration.method': 'the method',
  'configuration.methodSha256': 'the module of the method (sha256)',
  'configuration.ignoreExif': 'leaving pictures as they are stored (--ignore-exif)',
  'classes.count': 'the number of classes',
  'classes.sha256': 'the class list (sha256)',
  'model.checkpoint': 'the checkpoint (sha256)',
  'model.activation': 'the activation',
  'model.distractionDimensions': 'the list of distraction dimensions',
  'model.dino': 'the DINO checkpoint (sha256)',
  'model.prefix': 'the prefix of the CLIP in the checkpoint',
  'model.dinoPrefix': 'the prefix of the DINO ViT in its checkpoint',
  'model.precision': 'the precision',
  'images.count': 'the number of images',
  'images.sha256': 'the image list (sha256)',
  'shard.index': 'the shard',
  'shard.count': 'the number of shards',
};

/** Fingerprint of a class list: names and words in their order, as hexadecimal sha256. */
export function classListSha256(list: ClassList): string {
  return sha256(JSON.stringify(list.classes.map(({ name, words }) => [name, words])));
}

/** Fingerprint of a list of image ids, as hexadecimal sha256. */
export function imageListSha256(ids: readonly string[]): string {
  return sha256(ids.join('\n'));
}

/** The part of a manifest that is the same for all shards, without anything else it may carry. */
export function identityOf({
  format,
  version,
  configuration,
  classes,
  model,
  images,
}: EvaluationIdentity): EvaluationIdentity {
  return { format, version, configuration, classes, model, images };
}

/**
 * How two descriptions differ, one phrase each: "the setting window is 224, it was 0". The adapter is left out: another
 * one changes results by rounding at most.
 */
export function differences(now: object, before: object): string[] {
  const [present, past] = [flatten(now), flatten(before)];
  return [...new Set([...present.keys(), ...past.keys()])]
    .filter((key) => key !== 'adapter' && present.get(key) !== past.get(key))
    .map((key) => `${nameOf(key)} is ${shorten(present.get(key))}, it was ${shorten(past.get(key))}`);
}

/**
 * Reads a manifest; undefined where there is none.
 * @throws EvaluationError if the file is damaged or cannot be read.
 */
export function readManifest(path: string): RunManifest | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw cause instanceof SyntaxError
      ? noManifest(path, cause)
      : new EvaluationError(`${path} cannot be read (${code})`, path, { cause });
  }
  // What it holds is compared with the present run's, so anything but an object of other content is told from it there.
  if (typeof content !== 'object' || content === null) throw noManifest(path);
  return content as RunManifest;
}

function noManifest(path: string, cause?: unknown): EvaluationError {
  return new EvaluationError(`${path} is no manifest of a run, so the run in its folder cannot go on`, path, {
    cause,
    fix: 'choose another folder',
  });
}

function nameOf(key: string): string {
  return (
    NAMES[key] ??
    (key.startsWith('configuration.labelMap.')
      ? `the class of label value ${key.slice('configuration.labelMap.'.length)}`
      : undefined) ??
    (key.startsWith('configuration.settings.') ? `the setting ${key.slice('configuration.settings.'.length)}` : key)
  );
}

/** Leaves by their path; arrays are leaves. */
function flatten(value: object, prefix = '', into = new Map<string, string>()): Map<string, string> {
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry === 'object' && entry !== null && !Array.isArray(entry))
      flatten(entry as object, `${prefix}${key}.`, into);
    else into.set(prefix + key, JSON.stringify(entry));
  }
  // Older versions computed in f32 and did not say so.
  if (prefix === 'model.' && !into.has('model.precision')) into.set('model.precision', '"f32"');
  return into;
}

function shorten(value: string | undefined): string {
  return value === undefined
    ? 'not there'
    : /^"[0-9a-f]{64}"$/.test(value)
      ? value.slice(1, 13)
      : value.replace(/^"(.*)"$/, '$1');
}
