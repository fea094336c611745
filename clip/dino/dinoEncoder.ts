import type { Device } from '../../engine/device.ts';
import { ShapeError } from '../../engine/errors.ts';
import { add } from '../../engine/ops/blend.ts';
import { matmul } from '../../engine/ops/matmul.ts';
import { prependRow } from '../../engine/ops/prependRow.ts';
import { unfoldPatches } from '../../engine/ops/unfoldPatches.ts';
import { formatShape } from '../../engine/shape.ts';
import { inPart } from '../../engine/parts.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Qkv } from '../attention.ts';
import type { CheckpointFile } from '../checkpoint/checkpointFile.ts';
import { mlpWidthOf } from '../config.ts';
import { type PatchGrid, patchGrid, PositionEmbeddings } from '../positions.ts';
import { type BlockWeights, loadTensor, projectQkv, queryKeyAttention, transformerBlock } from '../transformerBlock.ts';
import type { DinoConfig } from './dinoConfig.ts';

/** DINO's LayerNorm epsilon. */
const EPSILON = 1e-6;

/** Largest intermediate tensor of a batch, where the adapter's limit allows it. */
const BATCH_BYTES = { software: 64 * 2 ** 20, integrated: 128 * 2 ** 20, discrete: 512 * 2 ** 20 };

/**
 * DINO's vision transformer, as far as the query, key and value projections of its last block: what methods take from
 * it. Tokens are [B, T, C]: CLS first, then patches in row-major order. Source: `VisionTransformer` in DINO's
 * `vision_transformer.py` (Caron et al., ICCV 2021).
 */
export class DinoEncoder {
  readonly device: Device;
  readonly config: DinoConfig;
  readonly #blocks: readonly BlockWeights[];
  readonly #patchEmbedding: { weight: Tensor; bias: Tensor };
  readonly #classEmbedding: Tensor;
  readonly #positions: PositionEmbeddings;

  #weights: readonly Tensor[] = [];

  private constructor(device: Device, file: CheckpointFile, config: DinoConfig) {
    const { width, layers, patch, grid } = config;
    const load = (name: string) => loadTensor(device, file, name);
    this.device = device;
    this.config = config;
    this.#patchEmbedding = {
      weight: load('patch_embed.proj.weight').reshape([width, 3 * patch * patch]),
      bias: load('patch_embed.proj.bias'),
    };
    this.#classEmbedding = load('cls_token').reshape([width]);
    this.#positions = new PositionEmbeddings(load('pos_embed').reshape([grid * grid + 1, width]));
    this.#blocks = Array.from({ length: layers }, (_, layer) => loadDinoBlock(device, file, layer));
  }

  /**
   * Uploads a DINO ViT; `config` is from `inferDinoConfig(file)`. The tensors live as long as the device.
   * @throws CheckpointError when a tensor cannot be read.
   */
  static load(device: Device, file: CheckpointFile, config: DinoConfig): DinoEncoder {
    const { result, tensors } = device.collect(() => new DinoEncoder(device, file, config));
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
    return patchGrid(height, width, this.config.patch);
  }

  /** How many images of N patches go through the network together without exceeding the device's share of memory. */
  imagesPerBatch(N: number): number {
    const { device, config } = this;
    const T = N + 1;
    const inner = Math.max(4 * config.width, mlpWidthOf(config));
    const largest = 4 * Math.max(config.heads * T * T, T * inner, N * 3 * config.patch * config.patch);
    const limit = Math.min(BATCH_BYTES[device.adapterClass], device.gpu.limits.maxStorageBufferBindingSize);
    return Math.max(1, Math.floor(limit / largest));
  }

  /**
   * Query, key and value of all tokens in the last block: images [B, 3, H, W], normalised with ImageNet's mean and
   * deviation, become [B, T, 3 C] with T = 1 + floor(H / patch) floor(W / patch).
   * Source: `get_intermediate_feat` of CASS's copy of DINO, the last entry of its third result.
   * @throws ShapeError when an image holds no whole patch.
   */
  lastQkv(images: Tensor): Qkv {
    if (images.rank !== 4 || images.shape[1] !== 3)
      throw new ShapeError(`dinoEncoder: images are ${formatShape(images.shape)}, expected [batch, 3, height, width]`);
    const { heads } = this.config;
    return {
      heads,
      tensor: this.device.scope(() => {
        let x = this.#embed(images); // [B, T, C]
        this.#blocks.slice(0, -1).forEach((block, layer) => {
          const input = x;
          x = inPart(this.device, `DINO layer${layer}`, () =>
            transformerBlock(input, block, heads, 'gelu', queryKeyAttention),
          ); // [B, T, C]
          input.dispose();
        });
        return projectQkv(x, this.#blocks.at(-1)!, heads).tensor; // [B, T, 3 C]
      }),
    };
  }

  #embed(images: Tensor): Tensor {
    return this.device.scope(() => {
      const { weight, bias } = this.#patchEmbedding;
      const patches = unfoldPatches(images, this.config.patch); // [B, N, 3 p p]
      const embedded = matmul(patches, weight, { transposeB: true, bias }); // [B, N, C]
      const tokens = prependRow(embedded, this.#classEmbedding); // [B, T, C]
      return add(tokens, this.#positions.of(this.grid(images.shape[2], images.shape[3])));
    });
  }
}

function loadDinoBlock(device: Device, file: CheckpointFile, layer: number): BlockWeights {
  const load = (name: string) => loadTensor(device, file, `blocks.${layer}.${name}`);
  const linear = (name: string) => ({ weight: load(`${name}.weight`), bias: load(`${name}.bias`) });
  const norm = (name: string) => ({ gamma: load(`${name}.weight`), beta: load(`${name}.bias`), epsilon: EPSILON });
  return {
    layerNorm1: norm('norm1'),
    qkv: linear('attn.qkv'),
    outProjection: linear('attn.proj'),
    layerNorm2: norm('norm2'),
    mlpExpand: linear('mlp.fc1'),
    mlpContract: linear('mlp.fc2'),
  };
}
