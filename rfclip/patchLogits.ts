import { gatherRows } from '../engine/ops/gatherRows.ts';
import { hierarchicalPrompt } from '../engine/ops/hierarchicalPrompt.ts';
import { l2Normalize } from '../engine/ops/l2Normalize.ts';
import { matmul, type MatmulEpilogue, matmulViews } from '../engine/ops/matmul.ts';
import { innerRange, matricesOf } from '../engine/ops/matrixViews.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Settings } from './settings.ts';

/** The words of a class list. */
export interface WordTensors {
  /** Their features [Q, E], rows of length 1. */
  text: Tensor;
  /** Cluster of each, [Q] u32, where image semantics are used. */
  clusters?: Tensor;
}

/** Similarity of image features [B, E] to the unadjusted words: [B, Q]. */
export function globalSimilarity({ text }: WordTensors, cls: Tensor): Tensor {
  return matmul(l2Normalize(cls), text, { transposeB: true });
}

/**
 * Logits `(1 - g) F T^T + g global`, g being `globalWeight`, of some windows of an image: `patches` [B, N, E], and
 * where the words have clusters the `globalSimilarity` of the image or of every window, [1 or B, Q], go into `maps`
 * [windows, gridHeight, gridWidth, Q] from window `first` on.
 */
export function patchLogits(
  { text: words, clusters }: WordTensors,
  { meanVectorWeight, globalWeight }: Settings,
  { patches, global }: { patches: Tensor; global: Tensor | undefined },
  maps: Tensor,
  first: number,
): void {
  const features = l2Normalize(patches); // [B, N, E]
  const [B, N] = features.shape;
  const Q = words.shape[0];
  let text = words; // [Q, E], or [B, Q, E] once adjusted
  let bias: Tensor | undefined; // [1 or B, Q]
  if (clusters !== undefined && global !== undefined) {
    ({ text, bias } = hierarchicalPrompt({
      text,
      cluster: clusters,
      globalSimilarity: global,
      features,
      similarity: matmul(features, words, { transposeB: true }), // [B, N, Q]
      weight: meanVectorWeight,
      globalWeight,
    }));
  }
  matmulViews(
    matricesOf(features), // B matrices [N, E]
    matricesOf(text), // B matrices [Q, E], or one for all
    innerRange(matricesOf(maps.reshape([-1, N, Q])), first, B), // a matrix [N, Q] for every window of the image
    { transposeB: true, scale: 1 - globalWeight, ...summandOf(bias, maps, first) },
  );
}

/**
 * What a product adds for a bias [1, Q] of the whole image, or for one [B, Q] of the windows from `first` on, which
 * differs by matrix: then every patch has a row of it.
 */
function summandOf(bias: Tensor | undefined, maps: Tensor, first: number): Pick<MatmulEpilogue, 'bias' | 'residual'> {
  if (bias === undefined) return {};
  const [B, Q] = bias.shape;
  if (B === 1) return { bias: bias.reshape([Q]) };
  const { device, shape } = maps;
  const [windows, N] = [shape[0], shape[1] * shape[2]];
  const index = device.constants.get(`window of every patch ${windows} ${N} ${first} ${B}`, () => {
    const ofPatch = (i: number) => Math.min(Math.max(Math.floor(i / N) - first, 0), B - 1);
    const values = Uint32Array.from({ length: windows * N }, (_, i) => ofPatch(i));
    return device.keep(() => device.tensor(values, [windows, N], 'u32'));
  });
  return { residual: gatherRows(bias, index) }; // [windows, N, Q]
}
