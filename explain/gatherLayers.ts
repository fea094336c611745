import { patchTokens } from '../clip/tokens.ts';
import { columnMean } from '../engine/ops/columnMean.ts';
import { gatherRows } from '../engine/ops/gatherRows.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { TracedValues, TracePick } from '../rfclip/traceKeeper.ts';
import type { AttentionMaps, ExplainedLayer } from './explanation.ts';
import { packFloats, packMaps } from './packing.ts';

/** Sizes of the image tower for one image. */
export interface Sizes {
  /** Layers. */
  L: number;
  /** Heads. */
  H: number;
  /** Patches. */
  N: number;
  /** Channels. */
  C: number;
}

/** Tensors of a run by name. */
export type Traced = Readonly<Record<string, TracedValues>>;

const ATTENTION = /^(layer\d+\/(attn|attn_redistributed|attn_kk)|last\/attn_kk_(last_layer|sum))$/;
const WHOLE = /^layer\d+\/(phi|dis|dis_after|fiedler|defocus)$/;

/**
 * What is kept of a run of rfclip-paper: of attention [1, H, T, T] the rows of some patches, [1, P, H, T], and the mean
 * that each patch gets from all of them, [1, H, N]; scores and masks; and the patches that enter a layer, [1, N, C].
 */
export function pickLayers(patches: readonly number[]): TracePick {
  return (name, tensor) => {
    if (WHOLE.test(name) || name === 'logits') return tensor;
    if (/^layer\d+\/x_in$/.test(name)) return patchTokens(tensor);
    if (!ATTENTION.test(name)) return undefined;
    return { rows: attentionRows(tensor, patches), drawn: columnMean(tensor, 1, tensor.shape[3] - 1) };
  };
}

/** The rows of some patches in attention [1, H, T, T]: [1, P, H, T]. */
function attentionRows(attention: Tensor, patches: readonly number[]): Tensor {
  const [, H, T] = attention.shape;
  const index = patches.flatMap((patch) => Array.from({ length: H }, (_, head) => head * T + patch + 1));
  const { device } = attention;
  return gatherRows(attention.reshape([H * T, T]), device.tensor(index, [1, patches.length, H], 'u32'));
}

/** Everything about the layers 0 to L - 2. */
export function gatherLayers(traced: Traced, sizes: Sizes): ExplainedLayer[] {
  return Array.from({ length: sizes.L - 1 }, (_, layer) => {
    const of = (name: string) => traced[`layer${layer}/${name}`].data;
    const isDistraction = of('dis');
    const tokens = of('x_in');
    const all = new Float32Array(sizes.N).fill(1);
    const some = isDistraction.includes(1);
    return {
      phi: packFloats(of('phi')),
      isDistraction: packFloats(isDistraction),
      fiedler: packFloats(of('fiedler')),
      isDefocus: packFloats(of('defocus')),
      weights: packFloats(channelWeights(tokens, all, sizes)),
      ...(some ? { distractionWeights: packFloats(channelWeights(tokens, isDistraction, sizes)) } : {}),
      drawnBefore: packFloats(drawn(of('attn:drawn'), isDistraction, sizes)),
      drawnAfter: packFloats(drawn(of('attn_redistributed:drawn'), isDistraction, sizes)),
      distractionAfter: of('dis_after').reduce((sum, value) => sum + value, 0),
    };
  });
}

/** Mean over the chosen tokens [N, C] of g[j] / Σ g with g = f - min f, as `calibrate` takes it: [C]. */
function channelWeights(tokens: Float32Array, chosen: Float32Array, { N, C }: Sizes): Float64Array {
  const weights = new Float64Array(C);
  let count = 0;
  for (let token = 0; token < N; token++) {
    if (chosen[token] === 0) continue;
    const f = tokens.subarray(token * C, (token + 1) * C);
    const least = f.reduce((min, value) => Math.min(min, value), Infinity);
    const mass = f.reduce((sum, value) => sum + (value - least), 0);
    count++;
    if (mass > 0) for (let c = 0; c < C; c++) weights[c] += (f[c] - least) / mass;
  }
  return weights.map((weight) => weight / Math.max(1, count));
}

/** Per head, the part of all attention [H, N] that goes to some patches. */
function drawn(received: Float32Array, isDistraction: Float32Array, { H, N }: Sizes): number[] {
  return Array.from({ length: H }, (_, head) => {
    let sum = 0;
    for (let j = 0; j < N; j++) if (isDistraction[j] !== 0) sum += received[head * N + j];
    return sum;
  });
}

/**
 * Maps of one point from rows [P, H, T] of several layers.
 * @param layers rows of each, with what they are multiplied by
 * @param masks distraction tokens [N] of each layer, where they are known
 */
export function attentionMaps(
  layers: readonly Float32Array[],
  point: { index: number; patch: number },
  { H, N }: Sizes,
  { scale = 1, masks = [] }: { scale?: number; masks?: readonly Float32Array[] } = {},
): AttentionMaps {
  const T = N + 1;
  const maps = new Float32Array(layers.length * (1 + H) * N);
  const facts: number[] = [];
  layers.forEach((rows, layer) => {
    const own = rows.subarray(point.index * H * T, (point.index + 1) * H * T);
    for (let map = 0; map <= H; map++) {
      const row = (map === 0 ? meanRow(own, H, T) : own.subarray((map - 1) * T, map * T)).map((value) => value * scale);
      maps.set(row.subarray(1), (layer * (1 + H) + map) * N);
      facts.push(...factsOf(row, point.patch, masks[layer]));
    }
  });
  return { maps: packMaps(maps, N), facts: packFloats(facts) };
}

function meanRow(rows: Float32Array, H: number, T: number): Float32Array {
  return Float32Array.from({ length: T }, (_, j) => {
    let sum = 0;
    for (let head = 0; head < H; head++) sum += rows[head * T + j];
    return sum / H;
  });
}

function factsOf(row: Float32Array, patch: number, mask: Float32Array | undefined): number[] {
  let most = 1;
  let distraction = 0;
  for (let j = 1; j < row.length; j++) {
    if (row[j] > row[most]) most = j;
    if (mask !== undefined && mask[j - 1] !== 0) distraction += row[j];
  }
  return [row[0], row[patch + 1], row[most], most - 1, distraction];
}
