import { checkpointFault, type FaultyFile } from '../checkpoint/checkpointFault.ts';
import type { CheckpointFile } from '../checkpoint/checkpointFile.ts';
import { chooseHeads, type ChosenHeads } from '../checkpoint/heads.ts';
import { mlpPart, mlpWidthOf, type TransformerConfig } from '../config.ts';

/** Architecture of a DINO ViT checkpoint. */
export interface DinoConfig extends TransformerConfig {
  /** Side of a square patch in pixels. */
  patch: number;
  /** Side of the grid of positions the checkpoint was trained with. */
  grid: number;
}

/** `DINO ViT 12x768/8 (12 heads, 28x28 positions)`, for people. */
export function describeDinoConfig(config: DinoConfig): string {
  const { layers, width, patch, heads, grid } = config;
  return `DINO ViT ${layers}x${width}/${patch} (${heads} heads, ${mlpPart(config)}${grid}x${grid} positions)`;
}

/**
 * Infers the architecture of a DINO ViT from tensor shapes in the published naming (`blocks.N.attn.qkv.weight`,
 * `patch_embed.proj.weight`, `pos_embed`, `cls_token`, ...) and checks that the tensors it needs are there; others,
 * such as a projection head's, are left alone. All published DINO ViTs have heads of width 64; of other widths the
 * heads are assumed (`dinoHeads`). Source: `vit_small` and `vit_base` in DINO's `vision_transformer.py`.
 * @throws CheckpointError for a missing or wrongly shaped tensor, and for what is no DINO ViT.
 */
export function inferDinoConfig(file: CheckpointFile): DinoConfig {
  const { selection } = file;
  if (selection?.instead !== undefined)
    throw checkpointFault({ path: file.path }, ` is ${selection.instead}, expected a DINO ViT`);
  const shape = (name: string, rank: number): readonly number[] => {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) throw checkpointFault(file, ` has no tensor ${name}, which every DINO ViT has`);
    if (tensor.shape.length !== rank || tensor.shape.includes(0))
      throw wrongShape(file, name, tensor.shape, `${rank} axes`);
    return tensor.shape;
  };
  const [width, , patch] = shape('patch_embed.proj.weight', 4);
  const [, positions] = shape('pos_embed', 3);
  const grid = Math.round(Math.sqrt(positions - 1));
  if (grid === 0 || grid * grid + 1 !== positions)
    throw wrongShape(file, 'pos_embed', shape('pos_embed', 3), 'a square number of rows plus one');
  const { heads } = dinoHeads(file);
  const inner = file.tensors.get('blocks.0.mlp.fc1.bias')?.shape[0];
  const config: DinoConfig = {
    width,
    layers: countLayers(file),
    heads,
    patch,
    grid,
    ...(inner === undefined || inner === 4 * width ? {} : { mlpWidth: inner }),
  };
  for (const [name, expected] of expectedDinoTensors(config)) {
    const found = shape(name, expected.length);
    if (found.some((size, axis) => size !== expected[axis]))
      throw wrongShape(file, name, found, `[${expected.join(', ')}]`);
  }
  return config;
}

/** The heads of a DINO ViT. @throws CheckpointError where none of about the usual width fit. */
export function dinoHeads(file: CheckpointFile): ChosenHeads {
  const width = file.tensors.get('patch_embed.proj.weight')?.shape[0] ?? 0;
  return chooseHeads(file, { tensor: 'patch_embed.proj.weight', width, layers: 0 });
}

/** Name and shape of every tensor that the encoder reads. */
export function expectedDinoTensors(config: DinoConfig): Map<string, number[]> {
  const { width, layers, patch, grid } = config;
  const inner = mlpWidthOf(config);
  const expected = new Map<string, number[]>([
    ['cls_token', [1, 1, width]],
    ['pos_embed', [1, grid * grid + 1, width]],
    ['patch_embed.proj.weight', [width, 3, patch, patch]],
    ['patch_embed.proj.bias', [width]],
  ]);
  for (let layer = 0; layer < layers; layer++) {
    const linear = (name: string, outputs: number, inputs: number) => {
      expected.set(`blocks.${layer}.${name}.weight`, [outputs, inputs]);
      expected.set(`blocks.${layer}.${name}.bias`, [outputs]);
    };
    for (const norm of ['norm1', 'norm2']) {
      expected.set(`blocks.${layer}.${norm}.weight`, [width]);
      expected.set(`blocks.${layer}.${norm}.bias`, [width]);
    }
    linear('attn.qkv', 3 * width, width);
    linear('attn.proj', width, width);
    linear('mlp.fc1', inner, width);
    linear('mlp.fc2', width, inner);
  }
  return expected;
}

function countLayers(file: CheckpointFile): number {
  const layers = new Set<number>();
  for (const name of file.tensors.keys()) {
    const match = /^blocks\.(\d+)\./.exec(name);
    if (match !== null) layers.add(Number(match[1]));
  }
  const count = layers.size;
  if (count === 0 || [...layers].some((layer) => layer >= count)) {
    throw checkpointFault(file, ` has ${count} layers named blocks.N, expected N to run from 0 without gaps`);
  }
  return count;
}

function wrongShape(file: FaultyFile, name: string, found: readonly number[], expected: string): Error {
  return checkpointFault(file, `: tensor ${name} is [${found.join(', ')}], expected ${expected}`);
}
