import type { Device } from '../engine/device.ts';
import { add } from '../engine/ops/blend.ts';
import { gatherRows } from '../engine/ops/gatherRows.ts';
import { layerNorm } from '../engine/ops/layerNorm.ts';
import { matmul } from '../engine/ops/matmul.ts';
import { inPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { CheckpointFile } from './checkpoint/checkpointFile.ts';
import { requireFinite } from './checkpoint/finiteWeights.ts';
import type { ClipConfig } from './config.ts';
import {
  type BlockWeights,
  causalAttention,
  loadBlock,
  loadFactor,
  loadTensor,
  transformerBlock,
} from './transformerBlock.ts';

/** Position of the first largest id of a row: where the end token is, and where the text's feature is taken. */
export function endOfText(ids: Int32Array): number {
  let best = 0;
  for (let t = 1; t < ids.length; t++) if (ids[t] > ids[best]) best = t;
  return best;
}

/**
 * CLIP's text transformer. The token embedding stays in the file: only the rows that occur are read and uploaded, so
 * that the table of a large checkpoint never has to fit one GPU binding.
 * Source: `CLIP.encode_text` in OpenAI CLIP's `model.py`.
 */
export class TextEncoder {
  readonly device: Device;
  readonly config: ClipConfig;
  readonly #file: CheckpointFile;
  readonly #positions: Tensor;
  readonly #blocks: readonly BlockWeights[];
  readonly #layerNormFinal: { gamma: Tensor; beta: Tensor };
  readonly #projection: Tensor;

  #weights: readonly Tensor[] = [];

  private constructor(device: Device, config: ClipConfig, file: CheckpointFile) {
    this.device = device;
    this.config = config;
    this.#file = file;
    this.#positions = loadTensor(device, file, 'positional_embedding');
    this.#blocks = Array.from({ length: config.text.layers }, (_, layer) =>
      loadBlock(device, file, `transformer.resblocks.${layer}`),
    );
    this.#layerNormFinal = {
      gamma: loadTensor(device, file, 'ln_final.weight'),
      beta: loadTensor(device, file, 'ln_final.bias'),
    };
    this.#projection = loadFactor(device, file, 'text_projection');
  }

  /**
   * Uploads the text tower of a checkpoint; the file must stay open.
   * @throws CheckpointError when a tensor cannot be read.
   */
  static load(device: Device, file: CheckpointFile, config: ClipConfig): TextEncoder {
    const { result, tensors } = device.collect(() => new TextEncoder(device, config, file));
    result.#weights = tensors;
    return result;
  }

  /** Frees the weights. */
  dispose(): void {
    for (const tensor of this.#weights) tensor.dispose();
  }

  /** Token and position embeddings of rows of ids, each cut to `tokens` ids: [P, T, C], the input of block 0. */
  embed(rows: readonly Int32Array[], tokens: number): Tensor {
    const numberOf = new Map<number, number>();
    const index = new Uint32Array(rows.length * tokens);
    rows.forEach((ids, p) => {
      for (let t = 0; t < tokens; t++) {
        let number = numberOf.get(ids[t]);
        if (number === undefined) numberOf.set(ids[t], (number = numberOf.size));
        index[p * tokens + t] = number;
      }
    });
    const name = 'token_embedding.weight';
    const used = requireFinite(this.#file, name, this.#file.readRows(name, [...numberOf.keys()]));
    return this.device.scope(() => {
      const table = this.device.tensor(used, [numberOf.size, this.config.text.width]);
      const embedded = gatherRows(table, this.device.tensor(index, [rows.length, tokens], 'u32')); // [P, T, C]
      return add(embedded, this.#positions.rows(0, tokens));
    });
  }

  /** The residual stream after `layers` blocks (default: all), x [P, T, C]. */
  runBlocks(x: Tensor, layers = this.#blocks.length): Tensor {
    const { heads } = this.config.text;
    return this.device.scope(() => {
      for (let layer = 0; layer < layers; layer++) {
        const input = x;
        x = inPart(this.device, `text layer${layer}`, () =>
          transformerBlock(input, this.#blocks[layer], heads, this.config.activation, causalAttention),
        );
        if (layer > 0) input.dispose();
      }
      return x;
    });
  }

  /** The last LayerNorm, [P, T, C]. */
  normalise(x: Tensor): Tensor {
    return layerNorm(x, this.#layerNormFinal.gamma, this.#layerNormFinal.beta);
  }

  /**
   * Features of prompts, not normalised: rows of ids (each of the context's length) become [P, E]. The context is cut
   * after the last end token of the batch: attention is causal, so later tokens cannot change an earlier feature.
   */
  encode(rows: readonly Int32Array[]): Tensor {
    const ends = rows.map(endOfText);
    const tokens = Math.max(...ends) + 1;
    return this.device.scope(() => {
      const x = this.normalise(this.runBlocks(this.embed(rows, tokens))); // [P, T, C]
      const index = Uint32Array.from(ends, (end, p) => p * tokens + end);
      // [P, C]
      const last = gatherRows(x.reshape([-1, this.config.text.width]), this.device.tensor(index, [rows.length], 'u32'));
      return matmul(last, this.#projection); // [P, E]
    });
  }
}
