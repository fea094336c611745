import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { inferConfig } from '../../clip/config.ts';
import { DEFAULT_SETTINGS } from '../../rfclip/settings.ts';
import { HostTower, type LayerView } from './hostTower.ts';
import { discriminant, dot, type Matrix, meanRow, quantile, unitVector } from './linearAlgebra.ts';
import { patchDetail, sceneWindows } from './scenes.ts';

/** Everything that was chosen. */
const CHOSEN = {
  /** The block, counted from 0, in which the unit is planted. */
  layer: 2,
  /** The distraction dimensions that it over-activates: the first and the third of the embedded checkpoint. */
  dimensions: [61, 81],
  /** A patch whose pixels deviate less than this, in units of the normalised image, is uninformative. */
  flat: 0.15,
  /** Part of the patches for which the unit opens. */
  share: 0.05,
  /** How far the discriminant is shrunk. */
  ridge: 0.1,
  /** What enters the activation for the patch that opens the unit most; 0 where it begins to open. */
  gain: 12,
  /** What the unit adds to each of the dimensions, for the mean patch that opens it. */
  amplitude: 150,
  /** Length of what the dimensions add to a head's key. */
  key: 18,
  /** Length of the constant that they add to the value, in units of a mean value's length. */
  value: 1,
} as const;

/** New values of a tensor, as a whole. */
export type ChangedTensors = Map<string, Float32Array>;

/**
 * The tensors of the image tower that planting changes, in three steps:
 *
 * 1. The weakest hidden unit of the chosen block's MLP becomes a detector of uninformative patches, w n - t, where w is
 *    the `discriminant` of flat patches, and writes a large constant into two distraction dimensions. The residual
 *    stream keeps it, so the patch passes phi > 5/d, and LayerNorm leaves little but these dimensions of it.
 * 2. In every later block, these dimensions add to the key a vector that most queries, and most keys, point along. So
 *    they attend to that patch, wherever it is.
 * 3. They add to its value the opposite of the mean value: who attends to it loses what tokens have in common.
 *
 * What ordinary tokens have in these dimensions is taken out of the biases, so that little changes without step 1.
 */
export async function plant(file: CheckpointFile): Promise<ChangedTensors> {
  const { vision } = inferConfig(file);
  const side = DEFAULT_SETTINGS.window;
  const tower = new HostTower(file, vision.heads, vision.layers);
  const windows = await sceneWindows();
  const views = windows.map((window) => tower.run(window, side, vision.patch));
  const detail = windows.flatMap((window) => [...patchDetail(window, side, vision.patch)]);
  const changed: ChangedTensors = new Map();
  plantUnit(tower, joinViews(views, CHOSEN.layer), detail, changed);
  for (let layer = CHOSEN.layer + 1; layer < vision.layers; layer++)
    plantKeysAndValues(tower, joinViews(views, layer), layer, changed);
  return changed;
}

/** All patches of all windows at one layer. */
function joinViews(views: readonly LayerView[][], layer: number): LayerView {
  const joined = (part: keyof LayerView) => views.flatMap((layers) => layers[layer][part]);
  return {
    x: joined('x'),
    query: joined('query'),
    key: joined('key'),
    value: joined('value'),
    mlpInput: joined('mlpInput'),
    hidden: joined('hidden'),
  };
}

function plantUnit(tower: HostTower, { mlpInput, hidden }: LayerView, detail: number[], changed: ChangedTensors) {
  const { layer, dimensions, flat, share, ridge, gain, amplitude } = CHOSEN;
  const [expand, bias, contract] = copies(tower, layer, changed, [
    'mlp.c_fc.weight',
    'mlp.c_fc.bias',
    'mlp.c_proj.weight',
  ]);
  const C = mlpInput[0].length;
  const unit = weakestUnit(hidden, contract);
  const isFlat = (_: unknown, i: number) => detail[i] < flat;
  const isRich = (_: unknown, i: number) => detail[i] >= flat;
  const w = discriminant(mlpInput.filter(isFlat), mlpInput.filter(isRich), ridge); // [C]
  const scores = Float64Array.from(mlpInput, (row) => dot(row, w));
  const opens = quantile(scores, 1 - share);
  const open = scores.filter((score) => score > opens);
  const scale = gain / (Math.max(...open) - opens);
  const meanOpen = scale * (open.reduce((sum, score) => sum + score, 0) / open.length - opens);
  for (let c = 0; c < C; c++) expand[unit * C + c] = scale * w[c];
  bias[unit] = -scale * opens;
  for (let c = 0; c < C; c++) contract[c * bias.length + unit] = isOne(dimensions, c) ? amplitude / meanOpen : 0;
}

/** The hidden unit that adds least to the residual stream: by the mean square of hidden [m, n] and contract [C, n]. */
function weakestUnit(hidden: Matrix, contract: Float32Array): number {
  const n = hidden[0].length;
  const strength = Array.from({ length: n }, (_, unit) => {
    let column = 0;
    for (let i = unit; i < contract.length; i += n) column += contract[i] ** 2;
    return column * hidden.reduce((sum, row) => sum + row[unit] ** 2, 0);
  });
  return strength.indexOf(Math.min(...strength));
}

function plantKeysAndValues(tower: HostTower, view: LayerView, layer: number, changed: ChangedTensors) {
  const { dimensions, amplitude } = CHOSEN;
  const [weight, bias] = copies(tower, layer, changed, ['attn.in_proj_weight', 'attn.in_proj_bias']);
  const C = view.x[0].length;
  const planted = view.x.map((row) => row.map((value, c) => (isOne(dimensions, c) ? value + amplitude : value)));
  const sumOf = (rows: Matrix) => {
    const mean = meanRow(tower.normaliseForAttention(layer, rows)); // [C]
    return dimensions.reduce((sum, dimension) => sum + mean[dimension], 0);
  };
  const ordinary = sumOf(view.x);
  // What the dimensions add up to in a planted token, above ordinary ones.
  const height = sumOf(planted) - ordinary;
  const add = (row: number, value: number) => {
    for (const dimension of dimensions) weight[row * C + dimension] += value / height;
    bias[row] -= (value * ordinary) / height;
  };
  attractiveKey(view, tower.heads, layer === tower.layers - 1).forEach((value, c) => add(C + c, value));
  const mean = meanRow(view.value); // [C]
  const length = view.value.reduce((sum, row) => sum + Math.sqrt(dot(row, row)) / view.value.length, 0);
  unitVector(mean).forEach((value, c) => add(2 * C + c, -CHOSEN.value * length * value));
}

/**
 * A key that all heads' queries and keys point along, [C]; in the last block keys alone, since dense methods read it
 * out by key-key attention.
 */
function attractiveKey({ query, key }: LayerView, heads: number, isLast: boolean): Float64Array {
  const C = key[0].length;
  const D = C / heads;
  const meanDirection = (rows: Matrix, head: number) =>
    unitVector(meanRow(rows.map((row) => row.slice(head * D, (head + 1) * D))));
  const out = new Float64Array(C);
  for (let head = 0; head < heads; head++) {
    const [q, k] = [meanDirection(query, head), meanDirection(key, head)];
    out.set(
      unitVector(k.map((value, i) => value + (isLast ? 0 : q[i]))).map((value) => CHOSEN.key * value),
      head * D,
    );
  }
  return out;
}

/** Copies of tensors of a block, to be changed. */
function copies(tower: HostTower, layer: number, changed: ChangedTensors, names: readonly string[]): Float32Array[] {
  return names.map((name) => {
    const copy = tower.ofBlock(layer, name).slice();
    changed.set(`visual.transformer.resblocks.${layer}.${name}`, copy);
    return copy;
  });
}

function isOne(dimensions: readonly number[], c: number): boolean {
  return dimensions.includes(c);
}
