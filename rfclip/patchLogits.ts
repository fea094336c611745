import { hierarchicalPrompt } from '../engine/ops/hierarchicalPrompt.ts';
import { l2Normalize } from '../engine/ops/l2Normalize.ts';
import { matmul, matmulViews } from '../engine/ops/matmul.ts';
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
  // The bias differs by window only where each window has its own image feature.
  const perCall = bias === undefined || bias.shape[0] === 1 ? B : 1;
  const images = matricesOf(features); // B matrices [N, E]
  const texts = matricesOf(text); // B matrices [Q, E], or one for all
  const logits = matricesOf(maps.reshape([-1, N, Q])); // a matrix [N, Q] for every window of the image
  for (let b = 0; b < B; b += perCall) {
    matmulViews(
      innerRange(images, b, perCall),
      text === words ? texts : innerRange(texts, b, perCall),
      innerRange(logits, first + b, perCall),
      {
        transposeB: true,
        scale: 1 - globalWeight,
        bias: bias?.rows(perCall === 1 ? b : 0, perCall === 1 ? b + 1 : 1).reshape([Q]),
      },
    );
  }
}
