import { whenRead } from '../clip/checkpoint/lateReads.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import type { ClipConfig } from '../clip/config.ts';
import { clipPreprocess } from '../clip/preprocess.ts';
import { isTooLarge } from '../engine/errors.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import { plainClip } from '../rfclip/methods/index.ts';
import { giveBack } from '../rfclip/workingMemory.ts';
import { Tokenizer, TokenizerError } from '../tokenizer/index.ts';
import { describe } from './describe.ts';
import { type ImageInput, loadImage, nameOfImage } from './images.ts';

/** Prompts that go through the text tower together. */
const PROMPTS_PER_BATCH = 64;

/** An image as CLIP sees it, [3, size, size]. @throws ImageError for what cannot be decoded */
export async function loadForClip(
  image: ImageInput,
  { vision }: ClipConfig,
  limits: ImageLimits,
): Promise<Float32Array> {
  return clipPreprocess(await loadImage(image, nameOfImage(image), limits), vision.patch * vision.grid);
}

/** CLIP's feature of an image as `loadForClip` makes it, [E]. @throws DeviceError */
export async function imageFeature(clip: ClipModel, pixels: Float32Array): Promise<Float32Array> {
  const { patch, grid } = clip.config.vision;
  const size = patch * grid;
  return clip.onNewDevices(async () => {
    const { imageEncoder, device } = clip;
    const feature = device.scope(() => plainClip.encodeClass(imageEncoder, device.tensor(pixels, [1, 3, size, size])));
    try {
      return await feature.readFloats();
    } finally {
      feature.dispose();
    }
  });
}

/**
 * Token ids of texts, one row for each.
 * @throws TokenizerError for a text beyond the context, or for anything but a text or a list of texts
 */
export function tokenizeTexts(texts: string | readonly string[], { text }: ClipConfig): Int32Array[] {
  const all: readonly unknown[] = Array.isArray(texts) ? texts : [texts];
  const wrong = all.findIndex((entry) => typeof entry !== 'string');
  if (wrong >= 0) {
    const found = `text ${wrong + 1} is ${describe(all[wrong])}`;
    throw new TokenizerError(`${found}, expected a text or a list of texts`, { code: 'RFCLIP-TEXT', where: 'texts' });
  }
  const { context, vocabulary } = text;
  const ids = new Tokenizer(vocabulary).tokenize(all as string[], { contextLength: context });
  return all.map((_, row) => ids.subarray(row * context, (row + 1) * context));
}

/**
 * CLIP's features of rows of token ids, [rows, E].
 * @param check called before every batch; what it throws ends the work
 * @throws CheckpointError when the text tower cannot be read; DeviceError
 */
export async function textFeatures(
  clip: ClipModel,
  rows: readonly Int32Array[],
  check: () => void,
): Promise<Float32Array> {
  const { embedding } = clip.config;
  const out = new Float32Array(rows.length * embedding);
  for (let first = 0; first < rows.length; first += PROMPTS_PER_BATCH) {
    check();
    await encodeInto(out.subarray(first * embedding), clip, rows.slice(first, first + PROMPTS_PER_BATCH));
  }
  return out;
}

/** Encodes rows together, where memory suffices, else fewer at once; their features begin at the beginning of `out`. */
async function encodeInto(out: Float32Array, clip: ClipModel, rows: readonly Int32Array[]): Promise<void> {
  const encode = async () => {
    const encoder = await clip.loadTextTower();
    const features = await whenRead(() => clip.device.scope(() => encoder.encode(rows)));
    try {
      out.set(await features.readFloats());
    } finally {
      features.dispose();
    }
  };
  try {
    await clip.onNewDevices(encode, undefined, 'text');
  } catch (error) {
    if (!isTooLarge(error) || rows.length === 1) throw error;
    await giveBack(clip.device);
    const half = Math.ceil(rows.length / 2);
    await encodeInto(out, clip, rows.slice(0, half));
    await encodeInto(out.subarray(half * clip.config.embedding), clip, rows.slice(half));
  }
}
