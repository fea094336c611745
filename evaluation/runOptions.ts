import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { HIGHEST_MAX_MEGAPIXELS } from '../clip/image/limits.ts';
import type { Precision } from '../engine/precision.ts';
import { isMethodPath } from '../rfclip/methods/methodModule.ts';
import { isFile } from '../system/fileKinds.ts';
import { findKnownCheckpoint } from '../weights/knownCheckpoints.ts';

const text = z.string().min(1);
const label = z.int().min(0).max(255);

/**
 * The flags of `rfclip eval` by their names, checked. Not in the published types, which need no zod.
 * @internal
 */
export const runOptionsShape = {
  dataSet: text.optional(),
  method: text.optional(),
  checkpoint: text.optional(),
  prefix: text.optional(),
  activation: z.enum(['quickGelu', 'gelu']).optional(),
  distractionDimensions: z.array(z.int().min(0).max(65535)).min(1).max(65535).optional(),
  dino: text.optional(),
  dinoPrefix: text.optional(),
  adapter: text.optional(),
  precision: z.enum(['f32', 'f16', 'auto']).optional(),
  split: text.optional(),
  imageFolder: text.optional(),
  labelFolder: text.optional(),
  imageSuffix: text.optional(),
  labelSuffix: text.optional(),
  classes: z.union([text, z.array(text).min(1).max(65535)]).optional(),
  classesFile: text.optional(),
  labelMap: z.record(z.string().regex(/^\d{1,3}$/), label).optional(),
  ignoreExif: z.boolean().optional(),
  images: text.optional(),
  limit: z.int().min(1).max(1e9).optional(),
  shard: text.optional(),
  out: text.optional(),
  resume: z.boolean().optional(),
  savePredictions: text.optional(),
  visualize: text.optional(),
  every: z.int().min(1).max(1e9).optional(),
  overwrite: z.boolean().optional(),
  decodeThreads: z.int().min(1).max(1e9).optional(),
  maxMegapixels: z.int().min(1).max(HIGHEST_MAX_MEGAPIXELS).optional(),
  textCache: z.boolean().optional(),
  json: z.boolean().optional(),
} satisfies { [Key in keyof RunOptions]-?: z.ZodType<RunOptions[Key]> };

/** What a configuration file may say besides settings and folders. Classes in a list are lines of a class file. */
export interface RunOptions {
  dataSet?: string;
  method?: string;
  checkpoint?: string;
  prefix?: string;
  activation?: 'quickGelu' | 'gelu';
  distractionDimensions?: number[];
  dino?: string;
  dinoPrefix?: string;
  adapter?: string;
  precision?: Precision;
  split?: string;
  imageFolder?: string;
  labelFolder?: string;
  imageSuffix?: string;
  labelSuffix?: string;
  classes?: string | string[];
  classesFile?: string;
  labelMap?: Record<string, number>;
  ignoreExif?: boolean;
  images?: string;
  limit?: number;
  shard?: string;
  out?: string;
  resume?: boolean;
  savePredictions?: string;
  visualize?: string;
  every?: number;
  overwrite?: boolean;
  decodeThreads?: number;
  maxMegapixels?: number;
  textCache?: boolean;
  json?: boolean;
}

/** Keys whose values are always paths. */
const PATHS = ['classesFile', 'images', 'out', 'savePredictions', 'visualize'] as const;

/**
 * Options with every path in them made absolute. A checkpoint that goes by a known name and a method by its name stay
 * as they are; so does a split that no file is found for, since it names a list of the data set, or a file inside it.
 * Folders and suffixes of a data set are relative to it, too.
 *
 * @param absolute gives the path that a relative one stands for
 */
export function withPaths(options: RunOptions, absolute: (path: string) => string): RunOptions {
  const { method, split } = options;
  const resolved: RunOptions = { ...options };
  for (const key of PATHS) {
    const path = options[key];
    if (path !== undefined) resolved[key] = absolute(path);
  }
  for (const key of ['checkpoint', 'dino'] as const) {
    const name = options[key];
    if (name === undefined) continue;
    const path = absolute(name);
    if (isFile(path) || findKnownCheckpoint(name) === undefined) resolved[key] = path;
  }
  if (method !== undefined && isMethodPath(method)) resolved.method = absolute(method);
  if (split !== undefined && isFile(absolute(split))) resolved.split = absolute(split);
  return resolved;
}

/** A path as it is meant in a file that lies in `folder`; `~/` is the home folder. */
export function pathIn(folder: string, path: string): string {
  if (/^~(?=[/\\]|$)/.test(path)) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : join(folder, path);
}
