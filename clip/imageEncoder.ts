import type { Device } from '../engine/device.ts';
import { ShapeError } from '../engine/errors.ts';
import { add } from '../engine/ops/blend.ts';
import { embedTokens } from '../engine/ops/embedTokens.ts';
import { layerNorm, layerNormOfMean } from '../engine/ops/layerNorm.ts';
import { matmul } from '../engine/ops/matmul.ts';
import { prependRow } from '../engine/ops/prependRow.ts';
import { unfoldPatches } from '../engine/ops/unfoldPatches.ts';
import { inPart, inScopedPart } from '../engine/parts.ts';
import { formatShape } from '../engine/shape.ts';
import { type Tensor, tensorsIn } from '../engine/tensor.ts';
import type { CheckpointFile } from './checkpoint/checkpointFile.ts';
import type { ClipConfig } from './config.ts';
import { type PatchGrid, patchGrid, PositionEmbeddings } from './positions.ts';
import {
  type AttentionPolicy,
  type BlockInput,
  type BlockWeights,
  firstNorm,
  loadBlock,
  loadFactor,
  loadTensor,
  type NormalisedStream,
  queryKeyAttention,
  streamOf,
  transformerBlock,
} from './transformerBlock.ts';

/** Where a dense method takes part in the run through the blocks. */
export interface BlockHooks {
  /** Attention of a layer; default: CLIP's own. */
  attention?: (layer: number) => AttentionPolicy;
  /**
   * Replaces the output [B, T, C] of a layer; default: keeps it. Whoever makes a new one may take the next block's
   * LayerNorm 1 of it in the same launch.
   * @param next weights of the block behind, undefined after the last
   */
  afterBlock?: (x: Tensor, layer: number, next: BlockWeights | undefined) => BlockInput;
}

/**
 * CLIP's image transformer. Tokens are [B, T, C]: CLS first, then patches in row-major order.
 * Source: `VisionTransformer` in OpenAI CLIP's `model.py`.
 */
export class ImageEncoder {
  readonly device: Device;
  readonly config: ClipConfig;
  readonly blocks: readonly BlockWeights[];
  readonly #patchEmbedding: Tensor;
  readonly #classEmbedding: Tensor;
  readonly #positions: PositionEmbeddings;
  readonly #layerNormPre: { gamma: Tensor; beta: Tensor };
  readonly #layerNormPost: { gamma: Tensor; beta: Tensor };
  readonly #projection: Tensor;

  #weights: readonly Tensor[] = [];

  private constructor(device: Device, config: ClipConfig, file: CheckpointFile) {
    const { width, layers, patch } = config.vision;
    const load = (name: string) => loadTensor(device, file, `visual.${name}`);
    this.device = device;
    this.config = config;
    this.#patchEmbedding = loadFactor(device, file, 'visual.conv1.weight').reshape([width, 3 * patch * patch]);
    this.#classEmbedding = load('class_embedding');
    this.#positions = new PositionEmbeddings(load('positional_embedding'));
    this.#layerNormPre = { gamma: load('ln_pre.weight'), beta: load('ln_pre.bias') };
    this.#layerNormPost = { gamma: load('ln_post.weight'), beta: load('ln_post.bias') };
    this.#projection = loadFactor(device, file, 'visual.proj');
    this.blocks = Array.from({ length: layers }, (_, layer) =>
      loadBlock(device, file, `visual.transformer.resblocks.${layer}`),
    );
  }

  /** Uploads the image tower of a checkpoint. @throws CheckpointError when a tensor cannot be read. */
  static load(device: Device, file: CheckpointFile, config: ClipConfig): ImageEncoder {
    const { result, tensors } = device.collect(() => new ImageEncoder(device, config, file));
    result.#weights = tensors;
    return result;
  }

  /** Frees the weights. */
  dispose(): void {
    this.#positions.dispose();
    for (const tensor of this.#weights) tensor.dispose();
  }

  /** Patches that an image of this size in pixels is cut into; remainders are dropped. */
  grid(height: number, width: number): PatchGrid {
    return patchGrid(height, width, this.config.vision.patch);
  }

  /**
   * Patch embedding, CLS token and positions, before the first LayerNorm: images [B, 3, H, W], normalised, become
   * [B, T, C].
   * @throws ShapeError when an image holds no whole patch.
   */
  embed(images: Tensor): Tensor {
    requireImages(images);
    return this.device.scope(() => {
      const tokens = prependRow(this.#embedPatches(images), this.#classEmbedding); // [B, T, C]
      return add(tokens, this.#positions.of(this.grid(images.shape[2], images.shape[3])));
    });
  }

  #embedPatches(images: Tensor): Tensor {
    const patches = unfoldPatches(images, this.config.vision.patch); // [B, N, 3 p p]
    return matmul(patches, this.#patchEmbedding, { transposeB: true }); // [B, N, C]
  }

  /** `embed` followed by the first LayerNorm: the residual stream that enters block 0, [B, T, C]. */
  begin(images: Tensor): Tensor {
    const { gamma, beta } = this.#layerNormPre;
    return inPart(this.device, 'begin', () => this.device.scope(() => layerNorm(this.embed(images), gamma, beta)));
  }

  /** `begin` with LayerNorm 1 of block 0, in one launch behind the embedding of patches. */
  enter(images: Tensor): NormalisedStream {
    requireImages(images);
    return inScopedPart(this.device, 'enter', () => {
      const embedded = this.#embedPatches(images); // [B, N, C]
      const grid = this.grid(images.shape[2], images.shape[3]);
      const positions = this.#positions.withClass(grid, this.#classEmbedding); // [T, C]
      return { ...embedTokens(embedded, positions, this.#layerNormPre, firstNorm(this.blocks[0])) };
    });
  }

  /** Runs blocks `from` to `to` (exclusive) on x [B, T, C]. */
  runBlocks(x: BlockInput, from: number, to: number, hooks: BlockHooks = {}): Tensor {
    return this.device.scope(() => streamOf(this.runBlocksInto(x, from, to, hooks)));
  }

  /**
   * `runBlocks` whose result may hold LayerNorm 1 of the block behind, where `afterBlock` took it.
   * @param frees whether x is disposed as soon as the first of the blocks has run
   */
  runBlocksInto(x: BlockInput, from: number, to: number, hooks: BlockHooks = {}, frees = false): BlockInput {
    const { heads } = this.config.vision;
    return this.device.scope(() => {
      for (let layer = from; layer < to; layer++) {
        const input = x;
        const block = () => {
          const attention = hooks.attention?.(layer) ?? queryKeyAttention;
          const output = transformerBlock(input, this.blocks[layer], heads, this.config.activation, attention);
          return hooks.afterBlock?.(output, layer, this.blocks[layer + 1]) ?? output;
        };
        x = inPart(this.device, `layer${layer}`, () => this.device.scope(block));
        if (layer > from || frees) for (const tensor of tensorsIn(input)) tensor.dispose();
      }
      return x;
    });
  }

  /** Final LayerNorm and projection into the shared space: x [..., C] becomes [..., E]. */
  project(x: Tensor): Tensor {
    const { gamma, beta } = this.#layerNormPost;
    return inPart(this.device, 'project', () =>
      this.device.scope(() => matmul(layerNorm(x, gamma, beta), this.#projection)),
    );
  }

  /** `project` of the mean of two: x [2 n, ..., C], one behind the other, becomes [n, ..., E]. */
  projectMean(x: Tensor): Tensor {
    const { gamma, beta } = this.#layerNormPost;
    return inScopedPart(this.device, 'projectMean', () => matmul(layerNormOfMean(x, gamma, beta), this.#projection));
  }

  /** All tokens of plain CLIP in the shared space: images [B, 3, H, W] become [B, T, E]; CLS is the image feature. */
  encode(images: Tensor): Tensor {
    return this.device.scope(() =>
      this.project(streamOf(this.runBlocksInto(this.enter(images), 0, this.blocks.length, {}, true))),
    );
  }
}

function requireImages({ rank, shape }: Tensor): void {
  if (rank !== 4 || shape[1] !== 3)
    throw new ShapeError(`imageEncoder: images are ${formatShape(shape)}, expected [batch, 3, height, width]`);
}
