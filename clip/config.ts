import { chooseActivation } from './checkpoint/activation.ts';
import { CheckpointError, type CheckpointFile, type ClipActivation } from './checkpoint/checkpointFile.ts';

/** Width of one attention head in OpenAI's CLIPs, and in others up to ViT-L/14. */
export const HEAD_WIDTH = 64;

/** Sizes of one transformer. */
export interface TransformerConfig {
  width: number;
  layers: number;
  heads: number;
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

/**
 * Image towers whose head width is not 64. Source: `model_configs/ViT-H-14.json` of open_clip (head_width 80).
 */
const PUBLISHED_HEADS: readonly { width: number; layers: number; heads: number }[] = [
  { width: 1280, layers: 32, heads: 16 },
];

/** `ViT 5x128/16 (2 heads, 14x14 positions), text 2x64, embedding 128`, for people. */
export function describeConfig(config: ClipConfig): string {
  const { vision, text, embedding } = config;
  return (
    `ViT ${vision.layers}x${vision.width}/${vision.patch} (${vision.heads} heads, ${vision.grid}x${vision.grid} ` +
    `positions), ` +
    `text ${text.layers}x${text.width}, embedding ${embedding}`
  );
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
  const { path } = file;
  checkKind(file);
  const shape = (name: string, rank: number): readonly number[] => {
    const tensor = file.tensors.get(name);
    if (tensor === undefined)
      throw new CheckpointError(
        `checkpoint ${path} has no tensor ${name}, which every CLIP ViT in OpenAI's naming has`,
        path,
      );
    if (tensor.shape.length !== rank) throw wrongShape(path, name, tensor.shape, `${rank} axes`);
    return tensor.shape;
  };
  const [visionWidth, , patch] = shape('visual.conv1.weight', 4);
  const [positions] = shape('visual.positional_embedding', 2);
  const grid = Math.round(Math.sqrt(positions - 1));
  if (grid * grid + 1 !== positions || grid === 0)
    throw wrongShape(path, 'visual.positional_embedding', [positions, visionWidth], 'a square number of rows plus one');
  const [context, textWidth] = shape('positional_embedding', 2);
  const [vocabulary] = shape('token_embedding.weight', 2);
  const [, embedding] = shape('text_projection', 2);
  const visionLayers = countLayers(file, 'visual.transformer');
  const textLayers = countLayers(file, 'transformer');
  const published = PUBLISHED_HEADS.find(
    ({ width, layers }) => width === visionWidth && layers === visionLayers,
  )?.heads;
  const visionHeads =
    hints.visionHeads ?? file.modelConfig?.visionHeads ?? metadataHeads(file, 'vision_heads') ?? published;
  const textHeads = hints.textHeads ?? file.modelConfig?.textHeads ?? metadataHeads(file, 'text_heads');
  const config: ClipConfig = {
    vision: {
      width: visionWidth,
      layers: visionLayers,
      heads: checkHeads(path, 'visual.conv1.weight', visionWidth, visionHeads),
      patch,
      grid,
    },
    text: {
      width: textWidth,
      layers: textLayers,
      heads: checkHeads(path, 'positional_embedding', textWidth, textHeads),
      vocabulary,
      context,
    },
    embedding,
    activation: chooseActivation(file, hints.activation).activation,
  };
  checkTensors(file, expectedTensors(config));
  return config;
}

/** Files that people take for a CLIP ViT. */
function checkKind(file: CheckpointFile): void {
  const has = (name: string) => file.tensors.has(name);
  let kind: string | undefined;
  if (file.naming === 'DINO') kind = 'a DINO ViT, which has no text tower';
  else if (has('visual.layer1.0.conv1.weight')) kind = 'a CLIP with a ResNet as its image tower';
  else if (has('visual.trunk.patch_embed.proj.weight')) kind = "a CLIP with one of timm's image towers";
  else if (has('visual.conv1.weight') && !has('token_embedding.weight')) kind = 'an image tower without a text tower';
  if (kind !== undefined)
    throw new CheckpointError(`checkpoint ${file.path} is ${kind}, expected a CLIP ViT with both towers`, file.path);
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
  for (const [prefix, { width, layers }] of [
    ['visual.transformer', vision],
    ['transformer', text],
  ] as const) {
    for (let layer = 0; layer < layers; layer++) {
      for (const [name, shape] of blockTensors(width)) expected.set(`${prefix}.resblocks.${layer}.${name}`, shape);
    }
  }
  return expected;
}

function blockTensors(width: number): [string, number[]][] {
  return [
    ['ln_1.weight', [width]],
    ['ln_1.bias', [width]],
    ['attn.in_proj_weight', [3 * width, width]],
    ['attn.in_proj_bias', [3 * width]],
    ['attn.out_proj.weight', [width, width]],
    ['attn.out_proj.bias', [width]],
    ['ln_2.weight', [width]],
    ['ln_2.bias', [width]],
    ['mlp.c_fc.weight', [4 * width, width]],
    ['mlp.c_fc.bias', [4 * width]],
    ['mlp.c_proj.weight', [width, 4 * width]],
    ['mlp.c_proj.bias', [width]],
  ];
}

const FLOAT_DTYPES: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16', 'F64']);

function checkTensors(file: CheckpointFile, expected: Map<string, number[]>): void {
  const { path } = file;
  for (const [name, shape] of expected) {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) throw new CheckpointError(`checkpoint ${path} has no tensor ${name}`, path);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      throw wrongShape(path, name, tensor.shape, `[${shape.join(', ')}]`);
    }
    if (shape.includes(0)) throw wrongShape(path, name, shape, 'no empty axis');
    if (!FLOAT_DTYPES.has(tensor.dtype))
      throw new CheckpointError(
        `checkpoint ${path}: tensor ${name} has dtype ${tensor.dtype}, expected F32, F16 or BF16`,
        path,
      );
  }
  const extra = [...file.tensors.keys()].filter(
    (name) => !expected.has(name) && name !== 'logit_scale' && !NOT_WEIGHTS.has(name),
  );
  if (extra.length > 0) {
    const others = extra.length > 1 ? ` and ${extra.length - 1} more` : '';
    throw new CheckpointError(
      `checkpoint ${path} has tensor ${extra[0]}${others}, which no CLIP ViT of its size has`,
      path,
    );
  }
}

function countLayers(file: CheckpointFile, prefix: string): number {
  const pattern = new RegExp(`^${prefix.replaceAll('.', '\\.')}\\.resblocks\\.(\\d+)\\.`);
  const layers = new Set<number>();
  for (const name of file.tensors.keys()) {
    const match = pattern.exec(name);
    if (match !== null) layers.add(Number(match[1]));
  }
  const count = layers.size === 0 ? 0 : Math.max(...layers) + 1;
  if (count === 0 || count !== layers.size) {
    throw new CheckpointError(
      `checkpoint ${file.path} has ${layers.size} layers named ${prefix}.resblocks.N, expected N to run from 0 ` +
        `without gaps`,
      file.path,
    );
  }
  return count;
}

/** The number of heads; without a hint, as many as have the usual width. */
function checkHeads(path: string, name: string, width: number, hint: number | undefined): number {
  const heads = hint ?? width / HEAD_WIDTH;
  if (hint === undefined && !Number.isInteger(heads))
    throw new CheckpointError(
      `checkpoint ${path}: ${name} has width ${width}, expected a multiple of the head width ${HEAD_WIDTH}`,
      path,
    );
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw new CheckpointError(
      `checkpoint ${path}: ${name} has width ${width}, expected a multiple of its ${heads} heads`,
      path,
    );
  return heads;
}

function metadataHeads(file: CheckpointFile, key: 'vision_heads' | 'text_heads'): number | undefined {
  const text = file.metadata[key];
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new CheckpointError(
      `checkpoint ${file.path} has metadata ${key} ${text.slice(0, 100)}, expected a whole number`,
      file.path,
    );
  return Number(text);
}

function wrongShape(path: string, name: string, found: readonly number[], expected: string): CheckpointError {
  return new CheckpointError(`checkpoint ${path}: tensor ${name} is [${found.join(', ')}], expected ${expected}`, path);
}
