import { chooseActivation } from './checkpoint/activation.ts';
import { checkpointFault, type FaultyFile } from './checkpoint/checkpointFault.ts';
import type { CheckpointFile, ClipActivation } from './checkpoint/checkpointFile.ts';
import { chooseHeads, type ChosenHeads, headsInMetadata } from './checkpoint/heads.ts';

/** Sizes of one transformer. */
export interface TransformerConfig {
  width: number;
  layers: number;
  heads: number;
  /** Width inside of the MLPs, where it is not four times the width. */
  mlpWidth?: number;
}

/** Width inside of the MLPs of a transformer. */
export function mlpWidthOf({ width, mlpWidth }: TransformerConfig): number {
  return mlpWidth ?? 4 * width;
}

/** Architecture of a CLIP ViT checkpoint. */
export interface ClipConfig {
  vision: TransformerConfig & {
    /** Side of a square patch in pixels. */
    patch: number;
    /** Side of the grid of positions the checkpoint was trained with. */
    grid: number;
  };
  text: TransformerConfig & { vocabulary: number; context: number };
  /** Width of the space that images and texts share. */
  embedding: number;
  activation: ClipActivation;
}

/** What a user knows about a checkpoint that neither its shapes nor its configuration say. */
export interface ConfigHints {
  activation?: ClipActivation;
  visionHeads?: number;
  textHeads?: number;
}

/** `ViT 5x128/16 (2 heads, 14x14 positions), text 2x64, embedding 128`, for people. */
export function describeConfig(config: ClipConfig): string {
  const { vision, text, embedding } = config;
  return (
    `ViT ${vision.layers}x${vision.width}/${vision.patch} (${vision.heads} heads, ${mlpPart(vision)}` +
    `${vision.grid}x${vision.grid} positions), ` +
    `text ${text.layers}x${text.width}${text.mlpWidth === undefined ? '' : ` (MLP ${text.mlpWidth})`}, ` +
    `embedding ${embedding}`
  );
}

/** `MLP 6144, ` where that is not four times the width. */
export function mlpPart({ mlpWidth }: TransformerConfig): string {
  return mlpWidth === undefined ? '' : `MLP ${mlpWidth}, `;
}

/** Entries of released files that say what the shapes say, and are not weights. */
export const NOT_WEIGHTS: ReadonlySet<string> = new Set(['input_resolution', 'context_length', 'vocab_size']);

/**
 * Infers the architecture from tensor shapes in OpenAI's naming and checks that exactly the tensors it needs are there.
 * What shapes cannot say comes from `hints`, else from the configuration beside the file, the file's metadata
 * (`vision_heads`, `text_heads`, `activation`), or what is published for the size.
 * Source: `build_model` in OpenAI CLIP's `model.py`.
 * @throws CheckpointError for a missing, extra or wrongly shaped tensor, one of integers, or heads that do not divide
 *   the width.
 */
export function inferConfig(file: CheckpointFile, hints: ConfigHints = {}): ClipConfig {
  checkKind(file);
  const shape = (name: string, rank: number): readonly number[] => {
    const tensor = file.tensors.get(name);
    if (tensor === undefined)
      throw checkpointFault(file, ` has no tensor ${name}, which every CLIP ViT in OpenAI's naming has`);
    if (tensor.shape.length !== rank) throw wrongShape(file, name, tensor.shape, `${rank} axes`);
    return tensor.shape;
  };
  const [visionWidth, , patch] = shape('visual.conv1.weight', 4);
  const [positions] = shape('visual.positional_embedding', 2);
  const grid = Math.round(Math.sqrt(positions - 1));
  if (grid * grid + 1 !== positions || grid === 0)
    throw wrongShape(file, 'visual.positional_embedding', [positions, visionWidth], 'a square number of rows plus one');
  const [context, textWidth] = shape('positional_embedding', 2);
  const [vocabulary] = shape('token_embedding.weight', 2);
  const [, embedding] = shape('text_projection', 2);
  const visionLayers = countLayers(file, 'visual.transformer');
  const textLayers = countLayers(file, 'transformer');
  const { vision, text } = clipHeads(file, hints);
  const config: ClipConfig = {
    vision: {
      width: visionWidth,
      layers: visionLayers,
      heads: vision.heads,
      patch,
      grid,
      ...mlpWidth(file, 'visual.transformer', visionWidth),
    },
    text: {
      width: textWidth,
      layers: textLayers,
      heads: text.heads,
      vocabulary,
      context,
      ...mlpWidth(file, 'transformer', textWidth),
    },
    embedding,
    activation: chooseActivation(file, hints.activation).activation,
  };
  checkTensors(file, expectedTensors(config));
  return config;
}

/** The heads of both towers. @throws CheckpointError for heads that do not divide the width. */
export function clipHeads(file: CheckpointFile, hints: ConfigHints = {}): { vision: ChosenHeads; text: ChosenHeads } {
  const { modelConfig, tensors } = file;
  const width = (name: string, axis: number) => tensors.get(name)?.shape[axis] ?? 0;
  return {
    vision: chooseHeads(file, {
      tensor: 'visual.conv1.weight',
      width: width('visual.conv1.weight', 0),
      layers: countLayers(file, 'visual.transformer'),
      said: hints.visionHeads ?? modelConfig?.visionHeads ?? headsInMetadata(file, 'vision_heads'),
    }),
    text: chooseHeads(file, {
      tensor: 'positional_embedding',
      width: width('positional_embedding', 1),
      layers: countLayers(file, 'transformer'),
      said: hints.textHeads ?? modelConfig?.textHeads ?? headsInMetadata(file, 'text_heads'),
    }),
  };
}

/** The width inside of the MLPs, by the first layer's. */
function mlpWidth(file: CheckpointFile, prefix: string, width: number): { mlpWidth?: number } {
  const shape = file.tensors.get(`${prefix}.resblocks.0.mlp.c_fc.bias`)?.shape;
  return shape?.length !== 1 || shape[0] === 4 * width ? {} : { mlpWidth: shape[0] };
}

/** Files that people take for a CLIP ViT. */
function checkKind(file: CheckpointFile): void {
  const { path, selection, naming, tensors } = file;
  const has = (name: string) => tensors.has(name);
  let kind = selection?.instead;
  if (kind === undefined && naming === 'DINO') kind = 'a DINO ViT, which has no text tower';
  if (kind === undefined && has('visual.conv1.weight') && !has('token_embedding.weight'))
    kind = 'an image tower without a text tower';
  if (kind !== undefined) throw checkpointFault({ path }, ` is ${kind}, expected a CLIP ViT with both towers`);
}

/** Name and shape of every weight of an architecture, in OpenAI's naming. */
export function expectedTensors(config: ClipConfig): Map<string, number[]> {
  const { vision, text, embedding } = config;
  const expected = new Map<string, number[]>([
    ['visual.conv1.weight', [vision.width, 3, vision.patch, vision.patch]],
    ['visual.class_embedding', [vision.width]],
    ['visual.positional_embedding', [vision.grid ** 2 + 1, vision.width]],
    ['visual.ln_pre.weight', [vision.width]],
    ['visual.ln_pre.bias', [vision.width]],
    ['visual.ln_post.weight', [vision.width]],
    ['visual.ln_post.bias', [vision.width]],
    ['visual.proj', [vision.width, embedding]],
    ['token_embedding.weight', [text.vocabulary, text.width]],
    ['positional_embedding', [text.context, text.width]],
    ['ln_final.weight', [text.width]],
    ['ln_final.bias', [text.width]],
    ['text_projection', [text.width, embedding]],
  ]);
  for (const [prefix, transformer] of [
    ['visual.transformer', vision],
    ['transformer', text],
  ] as const) {
    for (let layer = 0; layer < transformer.layers; layer++) {
      for (const [name, shape] of blockTensors(transformer))
        expected.set(`${prefix}.resblocks.${layer}.${name}`, shape);
    }
  }
  return expected;
}

function blockTensors(transformer: TransformerConfig): [string, number[]][] {
  const { width } = transformer;
  const inner = mlpWidthOf(transformer);
  return [
    ['ln_1.weight', [width]],
    ['ln_1.bias', [width]],
    ['attn.in_proj_weight', [3 * width, width]],
    ['attn.in_proj_bias', [3 * width]],
    ['attn.out_proj.weight', [width, width]],
    ['attn.out_proj.bias', [width]],
    ['ln_2.weight', [width]],
    ['ln_2.bias', [width]],
    ['mlp.c_fc.weight', [inner, width]],
    ['mlp.c_fc.bias', [inner]],
    ['mlp.c_proj.weight', [width, inner]],
    ['mlp.c_proj.bias', [width]],
  ];
}

const FLOAT_DTYPES: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16', 'F64']);

function checkTensors(file: CheckpointFile, expected: Map<string, number[]>): void {
  for (const [name, shape] of expected) {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) throw checkpointFault(file, ` has no tensor ${name}`);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      throw wrongShape(file, name, tensor.shape, `[${shape.join(', ')}]`);
    }
    if (shape.includes(0)) throw wrongShape(file, name, shape, 'no empty axis');
    if (!FLOAT_DTYPES.has(tensor.dtype))
      throw checkpointFault(file, `: tensor ${name} has dtype ${tensor.dtype}, expected F32, F16 or BF16`);
  }
  const extra = [...file.tensors.keys()].filter(
    (name) => !expected.has(name) && name !== 'logit_scale' && !NOT_WEIGHTS.has(name),
  );
  if (extra.length > 0) {
    const others = extra.length > 1 ? ` and ${extra.length - 1} more` : '';
    throw checkpointFault(file, ` has tensor ${extra[0]}${others}, which no CLIP ViT of its size has`);
  }
}

function countLayers(file: CheckpointFile, prefix: string): number {
  const pattern = new RegExp(`^${prefix.replaceAll('.', '\\.')}\\.resblocks\\.(\\d+)\\.`);
  const layers = new Set<number>();
  for (const name of file.tensors.keys()) {
    const match = pattern.exec(name);
    if (match !== null) layers.add(Number(match[1]));
  }
  const count = [...layers].reduce((most, layer) => Math.max(most, layer + 1), 0);
  if (count === 0 || count !== layers.size) {
    throw checkpointFault(
      file,
      ` has ${layers.size} layers named ${prefix}.resblocks.N, expected N to run from 0 without gaps`,
    );
  }
  return count;
}

function wrongShape(file: FaultyFile, name: string, found: readonly number[], expected: string): Error {
  return checkpointFault(file, `: tensor ${name} is [${found.join(', ')}], expected ${expected}`);
}
