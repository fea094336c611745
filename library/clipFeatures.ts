import { whenRead } from '../clip/checkpoint/lateReads.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import type { ClipConfig } from '../clip/config.ts';
import { clipPreprocess } from '../clip/preprocess.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import { plainClip } from '../rfclip/methods/index.ts';
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
export async function imageFeature({ imageEncoder, device, config }: ClipModel, pixels: Float32Array) {
  const size = config.vision.patch * config.vision.grid;
  const feature = device.scope(() => plainClip.encodeClass(imageEncoder, device.tensor(pixels, [1, 3, size, size])));
  try {
    return await feature.readFloats();
  } finally {
    feature.dispose();
  }
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
  const encoder = await clip.loadTextTower();
  const out = new Float32Array(rows.length * embedding);
  for (let first = 0; first < rows.length; first += PROMPTS_PER_BATCH) {
    check();
    const batch = rows.slice(first, first + PROMPTS_PER_BATCH);
    const features = await whenRead(() => clip.device.scope(() => encoder.encode(batch)));
    try {
      out.set(await features.readFloats(), first * embedding);
    } finally {
      features.dispose();
    }
  }
  return out;
}
