import type { TextFeatureCache } from '../clip/textFeatureCache.ts';
import { applyTemplates, type TemplateSet } from '../clip/promptTemplates.ts';
import type { TextEncoder } from '../clip/textEncoder.ts';
import { l2Normalize } from '../engine/ops/l2Normalize.ts';
import { stridedMatmul } from '../engine/ops/matmul.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Tokenizer } from '../tokenizer/index.ts';

/** The hidden layer of the MLP is the largest tensor of a pass; prompts are batched until it is this large. */
const BATCH_BYTES = 32 * 1024 * 1024;

/** What turns class words into features. */
export interface TextFeatureSource {
  encoder: TextEncoder;
  tokenizer: Tokenizer;
  templates: TemplateSet;
  cache?: TextFeatureCache;
}

/**
 * One feature per word, row-major [words, E], each of length 1: every template's prompt is encoded and normalised, and
 * the mean over templates is normalised. Words found in the cache are not encoded.
 * Source: the zero-shot classifier of CLIP's notebook, as the published segmentors build `query_features`.
 * @throws TokenizerError when a prompt is longer than the context; DeviceError when the device fails.
 */
export async function encodeWords(words: readonly string[], source: TextFeatureSource, onProgress?: (done: number, all: number) => void): Promise<Float32Array> {
  const E = source.encoder.config.embedding;
  const known = source.cache?.get(words) ?? new Map<string, Float32Array>();
  const missing = [...new Set(words)].filter((word) => !known.has(word));
  const perBatch = wordsPerBatch(source);
  for (let first = 0; first < missing.length; first += perBatch) {
    const batch = missing.slice(first, first + perBatch);
    const features = encodeBatch(batch, source); // [batch, E]
    const values = await features.readFloats();
    features.dispose();
    const entries = batch.map((word, i) => [word, values.slice(i * E, (i + 1) * E)] as const);
    for (const [word, feature] of entries) known.set(word, feature);
    source.cache?.put(entries);
    onProgress?.(Math.min(first + perBatch, missing.length), missing.length);
  }
  const out = new Float32Array(words.length * E);
  words.forEach((word, i) => out.set(known.get(word)!, i * E));
  return out;
}

function wordsPerBatch({ encoder, templates }: TextFeatureSource): number {
  const { width } = encoder.config.text;
  // Class prompts have about a dozen tokens; a long one makes a batch larger, but never beyond what one binding holds.
  const bytesPerWord = templates.templates.length * 20 * 4 * width * 4;
  return Math.max(1, Math.floor(BATCH_BYTES / bytesPerWord));
}

function encodeBatch(words: readonly string[], { encoder, tokenizer, templates }: TextFeatureSource): Tensor {
  const { context } = encoder.config.text;
  const prompts = words.flatMap((word) => applyTemplates(word, templates.templates));
  const ids = tokenizer.tokenize(prompts, { contextLength: context }); // [P, context]
  const rows = prompts.map((_, p) => ids.subarray(p * context, (p + 1) * context));
  const P = templates.templates.length;
  const { device } = encoder;
  return device.scope(() => {
    const features = l2Normalize(encoder.encode(rows)); // [words * P, E]
    const E = features.shape[1];
    const mean = device.empty([words.length, E]);
    stridedMatmul(
      { tensor: device.tensor(new Float32Array(P).fill(1 / P), [1, P]), offset: 0, rowStride: P, innerStride: 0, outerStride: 0 },
      { tensor: features, offset: 0, rowStride: E, innerStride: P * E, outerStride: 0 },
      { tensor: mean, offset: 0, rowStride: E, innerStride: E, outerStride: 0 },
      { m: 1, n: E, k: P, outer: 1, inner: words.length },
    );
    return l2Normalize(mean); // [words, E]
  });
}
