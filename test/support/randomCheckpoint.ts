import { type ClipConfig, expectedTensors } from '../../clip/config.ts';
import { randomFloats } from './random.ts';
import { floats, writeSafetensors, type WrittenTensor } from './safetensorsWriter.ts';

/** A CLIP small enough to be written by a test. Its vocabulary holds the single bytes and a few merges. */
export const SMALL_CONFIG: ClipConfig = {
  vision: { width: 64, layers: 2, heads: 1, patch: 8, grid: 2 },
  text: { width: 64, layers: 1, heads: 1, vocabulary: 600, context: 24 },
  embedding: 32,
  activation: 'quickGelu',
};

/**
 * Writes random weights of an architecture to a file and returns its path.
 * @param others tensors that stand beside the towers, such as `logit_scale`
 */
export function writeRandomCheckpoint(
  path: string,
  config: ClipConfig = SMALL_CONFIG,
  metadata?: Record<string, string>,
  others: Record<string, WrittenTensor> = {},
): string {
  return writeSafetensors(path, { ...others, ...randomWeights(config) }, metadata);
}

/** Random weights of an architecture under OpenAI's names, the same every time. */
export function randomWeights(config: ClipConfig): Record<string, WrittenTensor> {
  const tensors: Record<string, WrittenTensor> = {};
  let seed = 1;
  for (const [name, shape] of expectedTensors(config)) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    // Norms of about 1, weights that keep the size of what they are applied to.
    const isGamma = /ln_\w+\.weight$/.test(name);
    const bound =
      1 / Math.sqrt(shape.length > 1 ? shape.slice(1).reduce((product, extent) => product * extent, 1) / 3 : 30);
    tensors[name] = floats(
      shape,
      isGamma ? randomFloats(seed, size, 0.8, 1.2) : randomFloats(seed, size, -bound, bound),
    );
    seed++;
  }
  return tensors;
}
