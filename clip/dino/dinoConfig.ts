import { CheckpointError, type CheckpointFile } from '../checkpoint/checkpointFile.ts';
import { HEAD_WIDTH, type TransformerConfig } from '../config.ts';

/** Architecture of a DINO ViT checkpoint. */
export interface DinoConfig extends TransformerConfig {
  /** Side of a square patch in pixels. */
  patch: number;
  /** Side of the grid of positions the checkpoint was trained with. */
  grid: number;
}

/**
 * Infers the architecture of a DINO ViT from tensor shapes in the published naming (`blocks.N.attn.qkv.weight`,
 * `patch_embed.proj.weight`, `pos_embed`, `cls_token`, ...) and checks that the tensors it needs are there; others,
 * such as a projection head's, are left alone. All published DINO ViTs have heads of width 64. Source: `vit_small` and
 * `vit_base` in DINO's `vision_transformer.py`.
 * @throws CheckpointError for a missing or wrongly shaped tensor.
 */
export function inferDinoConfig(file: CheckpointFile): DinoConfig {
  const { path } = file;
  const shape = (name: string, rank: number): readonly number[] => {
    const tensor = file.tensors.get(name);
    if (tensor === undefined)
      throw new CheckpointError(`checkpoint ${path} has no tensor ${name}, which every DINO ViT has`, path);
    if (tensor.shape.length !== rank || tensor.shape.includes(0))
      throw wrongShape(path, name, tensor.shape, `${rank} axes`);
    return tensor.shape;
  };
  const [width, , patch] = shape('patch_embed.proj.weight', 4);
  const [, positions] = shape('pos_embed', 3);
  const grid = Math.round(Math.sqrt(positions - 1));
  if (grid === 0 || grid * grid + 1 !== positions)
    throw wrongShape(path, 'pos_embed', shape('pos_embed', 3), 'a square number of rows plus one');
  if (width % HEAD_WIDTH !== 0)
    throw new CheckpointError(
      `checkpoint ${path}: patch_embed.proj.weight has width ${width}, expected a multiple of the head width ` +
        `${HEAD_WIDTH}`,
      path,
    );
  const config: DinoConfig = { width, layers: countLayers(file), heads: width / HEAD_WIDTH, patch, grid };
  for (const [name, expected] of expectedDinoTensors(config)) {
    const found = shape(name, expected.length);
    if (found.some((size, axis) => size !== expected[axis]))
      throw wrongShape(path, name, found, `[${expected.join(', ')}]`);
  }
  return config;
}

/** Name and shape of every tensor that the encoder reads. */
function expectedDinoTensors({ width, layers, patch, grid }: DinoConfig): Map<string, number[]> {
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
    linear('mlp.fc1', 4 * width, width);
    linear('mlp.fc2', width, 4 * width);
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
  if (count === 0 || !layers.has(count - 1) || Math.max(...layers) !== count - 1) {
    throw new CheckpointError(
      `checkpoint ${file.path} has ${count} layers named blocks.N, expected N to run from 0 without gaps`,
      file.path,
    );
  }
  return count;
}

function wrongShape(path: string, name: string, found: readonly number[], expected: string): CheckpointError {
  return new CheckpointError(`checkpoint ${path}: tensor ${name} is [${found.join(', ')}], expected ${expected}`, path);
}
