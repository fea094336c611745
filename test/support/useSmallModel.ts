import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { ClipConfig } from '../../clip/config.ts';
import type { Device } from '../../engine/index.ts';
import { Model, type ModelOptions, type PixelImage } from '../../library/index.ts';
import type { Settings } from '../../rfclip/settings.ts';
import { randomIntegers } from './random.ts';
import { SMALL_CONFIG, writeRandomCheckpoint } from './randomCheckpoint.ts';
import { floats } from './safetensorsWriter.ts';

/** A CLIP of random weights whose context holds CLIP's own prompts, letter by letter. */
export const LIBRARY_CONFIG: ClipConfig = {
  ...SMALL_CONFIG,
  vision: { ...SMALL_CONFIG.vision, patch: 16 },
  text: { ...SMALL_CONFIG.text, context: 77 },
};

/** Settings with which an image takes few windows of few patches. */
export const QUICK = { resize: [128, 64], window: 48, stride: 32 } satisfies Partial<Settings>;

/** The words of tests that do not care. */
export const WORDS = 'cat, dog; puppy, grass';

/** The scale that CLIP trains towards. */
export const LOGIT_SCALE = 100;

/** What a test file gets. */
export interface SmallModel {
  readonly model: Model;
  /** What it was opened with, to open more. */
  readonly options: ModelOptions & { checkpoint: string };
  /** Where a test may write; removed in the end. Caches go there, too. */
  readonly folder: string;
}

/**
 * Opens a model of random weights before the tests of a file and closes it after them. Then nothing may be alive on its
 * device that a single call would not have left, too.
 */
export function useSmallModel(): SmallModel {
  const folder = useFolder();
  let opened: Model | undefined;
  const options = () => ({ checkpoint: join(folder.path, 'small.safetensors') });
  beforeAll(async () => {
    const metadata = { distraction_dimensions: '[3, 17, 29]' };
    const logitScale = floats([], Float32Array.of(Math.log(LOGIT_SCALE)));
    writeRandomCheckpoint(options().checkpoint, LIBRARY_CONFIG, metadata, { logit_scale: logitScale });
    opened = await Model.open(options());
  });
  afterAll(() => opened?.close());
  return {
    get model() {
      if (opened === undefined) throw new Error('the model is opened in beforeAll; use it inside of a test');
      return opened;
    },
    get options() {
      return options();
    },
    get folder() {
      return folder.path;
    },
  };
}

/** A folder for the tests of a file, which also takes all caches; removed after them. */
export function useFolder(): { readonly path: string } {
  let path = '';
  let cache: string | undefined;
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'rfclip-library-'));
    cache = process.env.RFCLIP_CACHE_DIR;
    process.env.RFCLIP_CACHE_DIR = join(path, 'cache');
  });
  afterAll(() => {
    if (cache === undefined) delete process.env.RFCLIP_CACHE_DIR;
    else process.env.RFCLIP_CACHE_DIR = cache;
    rmSync(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
  };
}

/** Random RGB pixels, the same for the same seed. */
export function randomPicture(seed: number, width = 61, height = 45): PixelImage & { readonly data: Uint8Array } {
  return { width, height, data: Uint8Array.from(randomIntegers(seed, 3 * width * height, 256)) };
}

/** Resolves once the device has got work that it had not when this was called. */
export async function untilAtWork(device: Device): Promise<void> {
  const before = device.recorder.dispatches;
  while (device.recorder.dispatches === before) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Waits until a model has served all calls, and expects as many buffers on its device as before.
 * @param before `liveBuffers` of the pool
 */
export async function expectBuffers(model: Model, before: number): Promise<void> {
  await model.encodeText('');
  expect(model.device.pool.statistics.liveBuffers).toBe(before);
}

/**
 * What is alive on a model's device between calls: the text tower and constants are there after the first, so that
 * is made here.
 */
export async function buffersAtRest(model: Model): Promise<number> {
  await model.encodeText('');
  return model.device.pool.statistics.liveBuffers;
}
