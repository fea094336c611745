import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { affine, dot, type Matrix } from './linearAlgebra.ts';

/** CLIP's epsilon of every LayerNorm. */
const EPSILON = 1e-5;

/** What is known of the patches of one image at one layer; CLS is left out. Rows are patches. */
export interface LayerView {
  /** What enters the block, [N, C]. */
  x: Matrix;
  /** Queries, keys and values, [N, C] each. */
  query: Matrix;
  key: Matrix;
  value: Matrix;
  /** What enters the MLP, normalised, [N, C]. */
  mlpInput: Matrix;
  /** Hidden units of the MLP after the activation, [N, 4 C]. */
  hidden: Matrix;
}

/**
 * CLIP's image transformer in float64 on the host: slow, and the same numbers on every machine, which a GPU does not
 * promise.
 * Source: `VisionTransformer` in OpenAI CLIP's `model.py`, QuickGELU.
 */
export class HostTower {
  readonly heads: number;
  readonly layers: number;
  readonly #file: CheckpointFile;
  readonly #read = new Map<string, Float32Array>();

  constructor(file: CheckpointFile, heads: number, layers: number) {
    this.#file = file;
    this.heads = heads;
    this.layers = layers;
  }

  /** A tensor of the image tower, by its name without `visual.`. */
  tensor(name: string): Float32Array {
    const known = this.#read.get(name) ?? this.#file.read(`visual.${name}`);
    this.#read.set(name, known);
    return known;
  }

  /** A tensor of a block. */
  ofBlock(layer: number, name: string): Float32Array {
    return this.tensor(`transformer.resblocks.${layer}.${name}`);
  }

  /** LayerNorm 1 of rows [m, C] that enter a block. */
  normaliseForAttention(layer: number, rows: Matrix): Matrix {
    return layerNorm(rows, this.ofBlock(layer, 'ln_1.weight'), this.ofBlock(layer, 'ln_1.bias'));
  }

  /** Runs one image of `side` x `side` pixels, [3, side, side], normalised: a view of every layer. */
  run(image: Float32Array, side: number, patch: number): LayerView[] {
    const patches = affine(unfold(image, side, patch), this.tensor('conv1.weight'));
    const positions = this.tensor('positional_embedding');
    const tokens = [Float64Array.from(this.tensor('class_embedding')), ...patches];
    const C = tokens[0].length;
    let x = layerNorm(
      tokens.map((row, t) => row.map((value, c) => value + positions[t * C + c])),
      this.tensor('ln_pre.weight'),
      this.tensor('ln_pre.bias'),
    );
    return Array.from({ length: this.layers }, (_, layer) => {
      const { out, ...view } = this.#block(layer, x);
      x = out;
      return view;
    });
  }

  #block(layer: number, x: Matrix): LayerView & { out: Matrix } {
    const C = x[0].length;
    const of = (name: string) => this.ofBlock(layer, name);
    const qkv = affine(this.normaliseForAttention(layer, x), of('attn.in_proj_weight'), of('attn.in_proj_bias'));
    const part = (index: number) => qkv.map((row) => row.slice(index * C, (index + 1) * C));
    const [query, key, value] = [part(0), part(1), part(2)];
    const mixed = affine(this.#attend(query, key, value), of('attn.out_proj.weight'), of('attn.out_proj.bias'));
    const attended = plus(x, mixed);
    const mlpInput = layerNorm(attended, of('ln_2.weight'), of('ln_2.bias'));
    const hidden = affine(mlpInput, of('mlp.c_fc.weight'), of('mlp.c_fc.bias')).map((row) => row.map(quickGelu));
    const out = plus(attended, affine(hidden, of('mlp.c_proj.weight'), of('mlp.c_proj.bias')));
    const [px, pq, pk, pv, pm, ph] = [x, query, key, value, mlpInput, hidden].map((rows) => rows.slice(1));
    return { x: px, query: pq, key: pk, value: pv, mlpInput: pm, hidden: ph, out };
  }

  /** softmax(q kᵀ / √D) v of every head, side by side: [T, C]. */
  #attend(query: Matrix, key: Matrix, value: Matrix): Matrix {
    const C = query[0].length;
    const D = C / this.heads;
    return query.map((q) => {
      const out = new Float64Array(C);
      for (let begin = 0; begin < C; begin += D) {
        const own = q.subarray(begin, begin + D);
        const logits = key.map((k) => dot(own, k.subarray(begin, begin + D)) / Math.sqrt(D));
        const largest = Math.max(...logits);
        const weights = logits.map((logit) => Math.exp(logit - largest));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let t = 0; t < value.length; t++)
          for (let c = begin; c < begin + D; c++) out[c] += (weights[t] / total) * value[t][c];
      }
      return out;
    });
  }
}

/** LayerNorm of rows [m, C]. */
function layerNorm(rows: Matrix, gamma: ArrayLike<number>, beta: ArrayLike<number>): Matrix {
  return rows.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    const scale = 1 / Math.sqrt(variance + EPSILON);
    return row.map((value, c) => (value - mean) * scale * gamma[c] + beta[c]);
  });
}

function quickGelu(x: number): number {
  return x / (1 + Math.exp(-1.702 * x));
}

function plus(a: Matrix, b: Matrix): Matrix {
  return a.map((row, r) => row.map((value, c) => value + b[r][c]));
}

/** Patches of an image [3, side, side], row by row: [N, 3 patch patch]. */
function unfold(image: Float32Array, side: number, patch: number): Matrix {
  const grid = side / patch;
  return Array.from({ length: grid * grid }, (_, n) => {
    const [top, left] = [Math.floor(n / grid) * patch, (n % grid) * patch];
    const area = patch * patch;
    return Float64Array.from({ length: 3 * area }, (_, i) => {
      const [channel, y, x] = [Math.floor(i / area), Math.floor((i % area) / patch), i % patch];
      return image[channel * side * side + (top + y) * side + left + x];
    });
  });
}
