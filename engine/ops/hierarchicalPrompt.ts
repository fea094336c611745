import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape, rowLanes } from './checks.ts';

/** Operands of `hierarchicalPrompt`. */
export interface HierarchicalPromptInputs {
  /** [queries, width] f32, normalised. */
  text: Tensor;
  /** [queries] u32: any numbering of the clusters. */
  cluster: Tensor;
  /** [windows, queries] or [1, queries] (shared by all windows) f32. */
  globalSimilarity: Tensor;
  /** [windows, patches, width] f32, normalised. */
  features: Tensor;
  /** [windows, patches, queries] f32: features x text. */
  similarity: Tensor;
  /** Share of the image's own feature in a leader's new text feature. */
  weight: number;
  /** Multiplies the global similarity in `bias`. Default 0. */
  globalWeight?: number;
}

/** What `hierarchicalPrompt` gives. */
export interface HierarchicalPrompt {
  /** [windows, queries, width]: the text features that suit each window. */
  text: Tensor;
  /** [windows or 1, queries]: `globalWeight` times the global similarity, for the logits. */
  bias: Tensor;
}

/**
 * Moves the text feature of each cluster's leader (largest global similarity) towards the normalised mean of its two
 * most similar patches.
 * Source: CASS's and RF-CLIP's hierarchical prompt; `kernels/hierarchical_prompt.wgsl`.
 * @throws ShapeError when shapes do not fit.
 */
export function hierarchicalPrompt(inputs: HierarchicalPromptInputs): HierarchicalPrompt {
  const { text, cluster, globalSimilarity, features, similarity, weight, globalWeight = 0 } = inputs;
  const op = 'hierarchicalPrompt';
  const floats = { text, globalSimilarity, features, similarity };
  for (const [name, tensor] of Object.entries(floats)) requireDtype(op, name, tensor, 'f32');
  requireShape(op, 'text', text, [-1, -1]);
  requireShape(op, 'features', features, [-1, -1, text.shape[1]]);
  const [queries, width] = text.shape;
  const [windows, patches] = features.shape;
  requireDtype(op, 'cluster', cluster, 'u32');
  requireShape(op, 'cluster', cluster, [queries]);
  requireShape(op, 'similarity', similarity, [windows, patches, queries]);
  requireShape(op, 'globalSimilarity', globalSimilarity, [-1, queries]);
  const shared = globalSimilarity.shape[0] === 1;
  if (!shared && globalSimilarity.shape[0] !== windows) {
    throw new ShapeError(
      `${op}: globalSimilarity is ${formatShape(globalSimilarity.shape)}, expected [1 or ${windows}, ${queries}]`,
      op,
    );
  }
  if (patches === 0)
    throw new ShapeError(`${op}: features are ${formatShape(features.shape)}, expected at least one patch`, op);
  const y = text.device.empty([windows, queries, width]);
  const bias = text.device.empty(globalSimilarity.shape);
  const lanes = rowLanes(text);
  text.device.recorder.dispatch({
    kernel: 'hierarchical_prompt',
    constants: { LANES: lanes },
    params: {
      size: windows * queries,
      queries,
      patches,
      width,
      globalStride: shared ? 0 : queries,
      globalSize: bias.size,
      weight,
      globalWeight,
    },
    tensors: [text, cluster, globalSimilarity, features, similarity, y, bias],
    threads: windows * queries * lanes,
    flops: windows * queries * (patches + 12 * width),
  });
  return { text: y, bias };
}
