import * as z from 'zod';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { inferConfig } from '../../clip/config.ts';
import { endOfText } from '../../clip/textEncoder.ts';
import { plainClip } from '../../rfclip/methods/index.ts';
import { publishedTokenizer } from '../../tokenizer/index.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { checkValues, ConformanceError, parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import type { RecordedTensor, ReferenceFiles } from '../reading/referenceFiles.ts';
import { type CaseContext, type CasePart, evaluate, wholeCase } from './casePart.ts';
import { uploadImage } from '../../rfclip/networkImage.ts';
import { recordedImage } from './recordedImage.ts';

const named = z.object({ checkpoint: z.string() });

/**
 * Cases of the folder `clip`: checkpoints, both towers stage by stage, file formats.
 * @returns undefined for a case it does not know.
 */
export function clipCase(reference: ReferenceCase): CasePart[] | undefined {
  const [kind] = reference.name.split('/');
  if (kind === 'checkpoint') return wholeCase(reference, runCheckpoint);
  if (kind === 'visual') return wholeCase(reference, runVisual);
  if (kind === 'text') return wholeCase(reference, runText);
  if (kind === 'formats') return formatParts(reference);
  return undefined;
}

const tower = z.object({ width: z.number(), heads: z.number(), layers: z.number() });
const architecture = z.object({
  vision: tower.extend({ patch: z.number(), image: z.number(), embed: z.number() }).optional(),
  text: tower.extend({ vocab: z.number(), context: z.number() }).optional(),
});

function compareArchitecture(checks: CaseChecks, file: CheckpointFile): void {
  const { vision, text } = parametersOf(checks.reference, architecture);
  const config = inferConfig(file);
  if (vision !== undefined) {
    const { width, heads, layers, patch, grid } = config.vision;
    checks.same(
      'vision architecture',
      [width, heads, layers, patch, patch * grid, config.embedding],
      [vision.width, vision.heads, vision.layers, vision.patch, vision.image, vision.embed],
    );
  }
  if (text !== undefined) {
    const { width, heads, layers, vocabulary, context } = config.text;
    checks.same(
      'text architecture',
      [width, heads, layers, vocabulary, context],
      [text.width, text.heads, text.layers, text.vocab, text.context],
    );
  }
}

function runCheckpoint(checks: CaseChecks, { models }: CaseContext): void {
  const file = models.checkpoints.clip(checks.reference.name.slice('checkpoint/'.length));
  compareArchitecture(checks, file);
  let notFinite = 0;
  for (const name of file.tensors.keys()) if (!file.read(name).every(Number.isFinite)) notFinite++;
  checks.value('tensors with values that are not finite', [notFinite], [0]);
}

async function runVisual(checks: CaseChecks, { device, models }: CaseContext): Promise<void> {
  const { images } = models.model(parametersOf(checks.reference, named).checkpoint);
  const image = recordedImage(checks);
  const layers = images.blocks.length;
  const values = await evaluate<string>(device, () => {
    const pixels = uploadImage(device, image);
    const stages = [images.begin(pixels)]; // [1, T, C]
    for (let layer = 0; layer < layers; layer++) stages.push(images.runBlocks(stages[layer], layer, layer + 1));
    return {
      embedded: images.embed(pixels),
      projected: images.encode(pixels), // [1, T, E]
      cls: plainClip.encodeClass(images, pixels),
      ...Object.fromEntries(stages.map((stage, index) => [`hidden${index}`, stage])),
    };
  });
  checks.compare('embed_before_ln_pre', values.embedded);
  checks.compare('hidden', concatenate(Array.from({ length: layers + 1 }, (_, index) => values[`hidden${index}`])));
  checks.compare('tokens_projected', values.projected);
  checks.compare('cls_feature', values.cls);
}

async function runText(checks: CaseChecks, { device, models }: CaseContext): Promise<void> {
  const {
    checkpoint,
    prompts,
    eot_index: ends,
  } = parametersOf(
    checks.reference,
    named.extend({ prompts: z.array(z.string()).optional(), eot_index: z.array(z.number()).optional() }),
  );
  const { texts, config } = models.model(checkpoint);
  const rows = idRows(checks.input('ids'), config.text);
  if (prompts !== undefined)
    checks.value(
      'ids of the prompts',
      publishedTokenizer().tokenize(prompts, { truncate: true }),
      checks.input('ids').values,
    );
  if (ends !== undefined) checks.same('eot_index', rows.map(endOfText), ends);
  const { layers, context } = config.text;
  const values = await evaluate<string>(device, () => {
    const start = texts.embed([rows[0]], context); // [1, T, C]
    const stages = Array.from({ length: layers + 1 }, (_, count) =>
      count === 0 ? start : texts.runBlocks(start, count),
    );
    return {
      features: texts.encode(rows), // [P, E]
      normalised: texts.normalise(stages[layers]),
      ...Object.fromEntries(stages.map((stage, index) => [`hidden${index}`, stage])),
    };
  });
  checks.compare(
    'hidden_first_prompt',
    concatenate(Array.from({ length: layers + 1 }, (_, index) => values[`hidden${index}`])),
  );
  checks.compare('after_ln_final_first_prompt', values.normalised);
  checks.compare('text_features', values.features);
}

/**
 * Ids [P, context] as rows.
 * @throws ConformanceError when they do not fit the model, which nothing later would check.
 */
function idRows(ids: RecordedTensor, { context, vocabulary }: { context: number; vocabulary: number }): Int32Array[] {
  if (ids.shape.length !== 2 || ids.shape[0] < 1 || ids.shape[1] !== context)
    throw new ConformanceError(`the input ids is [${ids.shape.join(', ')}], expected [prompts, ${context}]`);
  if (!ids.values.every((id) => id >= 0 && id < vocabulary))
    throw new ConformanceError(`the input ids has ids outside of the vocabulary of ${vocabulary}`);
  return Array.from({ length: ids.shape[0] }, (_, row) =>
    Int32Array.from(ids.values.subarray(row * context, (row + 1) * context)),
  );
}

/** A line for the tensors and one for the model of every file. */
function formatParts(reference: ReferenceCase): CasePart[] | undefined {
  const parsed = z.object({ files: z.array(z.string()) }).safeParse(reference.parameters);
  if (!parsed.success) return undefined;
  return parsed.data.files.flatMap((file): CasePart[] => {
    const sums = file.includes('_hf') ? 'small_hf_tensor_sums.json' : 'small_tensor_sums.json';
    return [
      {
        name: `${reference.name}/${file} tensors`,
        compares: [],
        run: (checks, { files }) => compareSums(checks, files.checkpoint('clip', file, 'own'), readSums(files, sums)),
      },
      { name: `${reference.name}/${file} model`, run: (checks, context) => runSmallModel(checks, context, file) },
    ];
  });
}

const tensorSums = z.record(
  z.string(),
  z.object({ shape: z.array(z.number()), dtype: z.string().optional(), sum: z.number(), sum_sq: z.number() }),
);

/** What is recorded of every tensor of a checkpoint instead of its values. */
export type TensorSums = z.infer<typeof tensorSums>;

/** Reads such a file of the folder `clip`. @throws ConformanceError when it is damaged. */
export function readSums(files: ReferenceFiles, file: string): TensorSums {
  return checkValues(files.json('clip', file), tensorSums, file);
}

/** Both sides add in float64, perhaps in another order; relative to the sum of squares, or to 1. */
const SUM_TOLERANCE = 1e-9;

/** Compares names, shapes and sums of all tensors. @throws CheckpointError when one cannot be read. */
export function compareSums(checks: CaseChecks, file: CheckpointFile, recorded: TensorSums): void {
  // The pickled files carry three integers besides the weights; safetensors files carry weights only.
  const names = Object.keys(recorded).filter(
    (name) => !['input_resolution', 'context_length', 'vocab_size'].includes(name) || file.tensors.has(name),
  );
  checks.same('tensor names', [...file.tensors.keys()].sort(), names.sort());
  for (const name of names) {
    const stored = file.tensors.get(name);
    if (stored === undefined) continue;
    const { shape, sum, sum_sq: sumOfSquares } = recorded[name];
    checks.same(`shape of ${name}`, [...stored.shape], shape);
    let actualSum = 0;
    let actualSquares = 0;
    for (const value of file.read(name)) {
      actualSum += value;
      actualSquares += value * value;
    }
    const tolerance = { kind: 'absolute', value: SUM_TOLERANCE * Math.max(1, sumOfSquares) } as const;
    checks.value(`sum of ${name}`, [actualSum], [sum], tolerance);
    checks.value(`sum of squares of ${name}`, [actualSquares], [sumOfSquares], tolerance);
  }
}

async function runSmallModel(checks: CaseChecks, { device, files, models }: CaseContext, file: string): Promise<void> {
  const checkpoint = files.checkpoint('clip', file);
  compareArchitecture(checks, checkpoint);
  const { images, texts, config } = models.open(checkpoint);
  const image = recordedImage(checks);
  const rows = idRows(checks.input('ids'), config.text);
  const values = await evaluate(device, () => ({
    image: plainClip.encodeClass(images, uploadImage(device, image)),
    text: texts.encode(rows),
  }));
  checks.compare('image_features', values.image);
  checks.compare('text_features', values.text);
  const scale = Math.exp(checkpoint.read('logit_scale')[0]);
  const E = config.embedding;
  const logits = rows.map(
    (_, row) => scale * cosine(values.image.subarray(0, E), values.text.subarray(row * E, (row + 1) * E)),
  );
  // The default tolerance is for cosines; the logit scale multiplies them.
  checks.compare('logits_per_image', logits, { kind: 'absolute', value: 2e-5 * scale });
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    squareA += a[i] * a[i];
    squareB += b[i] * b[i];
  }
  return product / Math.sqrt(squareA * squareB);
}

function concatenate(arrays: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}
