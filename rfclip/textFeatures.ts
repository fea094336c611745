import { whenRead } from '../clip/checkpoint/lateReads.ts';
import { mlpWidthOf } from '../clip/config.ts';
import type { ClipConfig } from '../clip/config.ts';
import { applyTemplates, type TemplateSet, templateSets } from '../clip/promptTemplates.ts';
import type { TextEncoder } from '../clip/textEncoder.ts';
import { isTooLarge } from '../engine/errors.ts';
import { l2Normalize } from '../engine/ops/l2Normalize.ts';
import { matmulViews } from '../engine/ops/matmul.ts';
import { matricesOf } from '../engine/ops/matrixViews.ts';
import type { Tensor } from '../engine/tensor.ts';
import { Tokenizer, TokenizerError } from '../tokenizer/index.ts';
import { ClassListError } from './classes.ts';
import type { WordFeatures } from './keptTextFeatures.ts';
import { giveBack } from './workingMemory.ts';

/** The hidden layer of the MLP is the largest tensor of a pass; prompts are batched until it is this large. */
const BATCH_BYTES = 32 * 1024 * 1024;

/** What turns class words into features. */
export interface TextFeatureSource {
  /** Gets the encoder ready; called before it is touched. */
  loadEncoder?: () => Promise<unknown>;
  encoder: TextEncoder;
  tokenizer: Tokenizer;
  templates: TemplateSet;
  cache?: WordFeatures;
}

/**
 * One feature per word, row-major [words, E], each of length 1: every template's prompt is encoded and normalised, and
 * the mean over templates is normalised. Words found in the cache are not encoded.
 * Source: the zero-shot classifier of CLIP's notebook, as the published segmentors build `query_features`.
 * @throws ClassListError when a word does not fit the context; DeviceError when the device fails.
 */
export async function encodeWords(
  words: readonly string[],
  source: TextFeatureSource,
  onProgress?: (done: number, all: number) => void,
): Promise<Float32Array> {
  const known = source.cache?.get(words) ?? new Map<string, Float32Array>();
  const missing = [...new Set(words)].filter((word) => !known.has(word));
  // The encoder is not touched where the cache has everything: asking a model for it uploads the text tower.
  if (missing.length > 0) await encodeMissing(missing, source, known, onProgress);
  const E = known.values().next().value?.length ?? 0;
  const out = new Float32Array(words.length * E);
  words.forEach((word, i) => out.set(known.get(word)!, i * E));
  return out;
}

/** Encodes words in batches and adds their features to `known` and to the cache. */
async function encodeMissing(
  missing: readonly string[],
  source: TextFeatureSource,
  known: Map<string, Float32Array>,
  onProgress?: (done: number, all: number) => void,
): Promise<void> {
  await source.loadEncoder?.();
  const E = source.encoder.config.embedding;
  let perBatch = wordsPerBatch(source);
  const templateCount = source.templates.templates.length;
  const { tokenizer, templates, encoder } = source;
  const rows = tokenizePrompts(missing, { tokenizer, templates, context: encoder.config.text.context });
  for (let first = 0; first < missing.length;) {
    const batch = missing.slice(first, first + perBatch);
    const prompts = rows.slice(first * templateCount, (first + perBatch) * templateCount);
    let values: Float32Array; // [batch, E]
    try {
      values = await readBatch(prompts, source);
    } catch (error) {
      if (!isTooLarge(error) || batch.length === 1) throw error;
      perBatch = Math.ceil(batch.length / 2);
      await giveBack(source.encoder.device);
      continue;
    }
    const entries = batch.map((word, i) => [word, values.slice(i * E, (i + 1) * E)] as const);
    for (const [word, feature] of entries) known.set(word, feature);
    source.cache?.put(entries);
    first += batch.length;
    onProgress?.(first, missing.length);
  }
}

async function readBatch(prompts: readonly Int32Array[], source: TextFeatureSource): Promise<Float32Array> {
  const features = await whenRead(() => encodeBatch(prompts, source));
  try {
    return await features.readFloats();
  } finally {
    features.dispose();
  }
}

function wordsPerBatch({ encoder, templates }: TextFeatureSource): number {
  const { text } = encoder.config;
  // Class prompts have about a dozen tokens; a long one makes a batch larger, but never beyond what one binding holds.
  const bytesPerWord = templates.templates.length * 20 * Math.max(4 * text.width, mlpWidthOf(text)) * 4;
  return Math.max(1, Math.floor(BATCH_BYTES / bytesPerWord));
}

/**
 * Looks whether `encodeWords` can take words, before anything is made that a refusal would leave behind.
 * @throws ClassListError as it
 */
export function checkWords(
  words: readonly string[],
  { vocabulary, context }: ClipConfig['text'],
  templates: TemplateSet = templateSets.imagenet80,
): void {
  const tokenizer = new Tokenizer(vocabulary);
  // To look at every prompt would take a tenth of a second at each start; of most words none comes near the context.
  const long = words.filter((word) => tokenizer.encode(word).length > context / 4);
  tokenizePrompts(long, { tokenizer, templates, context });
}

/** The sentence about a class name that is too long names the class, not the prompt it was put into. */
function tokenizePrompts(
  words: readonly string[],
  { context, tokenizer, templates }: Pick<TextFeatureSource, 'tokenizer' | 'templates'> & { context: number },
): Int32Array[] {
  return words.flatMap((word) => {
    try {
      // [P, context]
      const ids = tokenizer.tokenize(applyTemplates(word, templates.templates), { contextLength: context });
      return templates.templates.map((_, p) => ids.subarray(p * context, (p + 1) * context));
    } catch (cause) {
      if (!(cause instanceof TokenizerError) || cause.code !== 'RFCLIP-TOKENS-TOO-LONG') throw cause;
      const quoted = word.length > 40 ? `${word.slice(0, 40)}...` : word;
      throw new ClassListError(
        `the class name "${quoted}" has ${tokenizer.encode(word).length} tokens, which do not fit the text context ` +
          `of ${context} together with a prompt such as "${templates.templates[0]}"`,
        'class names',
        'use a shorter name',
      );
    }
  });
}

function encodeBatch(rows: readonly Int32Array[], { encoder, templates }: TextFeatureSource): Tensor {
  const P = templates.templates.length;
  const words = rows.length / P;
  const { device } = encoder;
  return device.scope(() => {
    const features = l2Normalize(encoder.encode(rows)); // [words * P, E]
    const E = features.shape[1];
    const shares = device.tensor(new Float32Array(P).fill(1 / P), [1, P]);
    const mean = device.empty([words, 1, E]);
    matmulViews(matricesOf(shares), matricesOf(features.reshape([words, P, E])), matricesOf(mean));
    return l2Normalize(mean).reshape([words, E]);
  });
}
