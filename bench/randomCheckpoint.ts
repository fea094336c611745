import type { CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { type ClipConfig, expectedTensors } from '../clip/config.ts';

/** Architectures of the published checkpoints, for timings without their weights. */
export const ARCHITECTURES: Record<'ViT-B/16' | 'ViT-L/14', ClipConfig> = {
  'ViT-B/16': {
    vision: { width: 768, layers: 12, heads: 12, patch: 16, grid: 14 },
    text: { width: 512, layers: 12, heads: 8, vocabulary: 49408, context: 77 },
    embedding: 512,
    activation: 'quickGelu',
  },
  'ViT-L/14': {
    vision: { width: 1024, layers: 24, heads: 16, patch: 14, grid: 16 },
    text: { width: 768, layers: 12, heads: 12, vocabulary: 49408, context: 77 },
    embedding: 768,
    activation: 'quickGelu',
  },
};

/**
 * A checkpoint of any architecture with random values, made when read: LayerNorm scales are 1, everything else is
 * uniform with the standard deviation 0.02. The same name always has the same values.
 */
export function randomCheckpoint(config: ClipConfig): CheckpointFile {
  const shapes = expectedTensors(config);
  const read = (name: string): Float32Array => {
    const size = shapes.get(name)!.reduce((product, extent) => product * extent, 1);
    if (/ln_\w+\.weight$/.test(name)) return new Float32Array(size).fill(1);
    return randomValues(size, name);
  };
  return {
    path: 'random weights',
    metadata: {},
    tensors: new Map([...shapes].map(([name, shape]) => [name, { name, dtype: 'F32' as const, shape }])),
    read,
    readRows: (name, rows) => {
      const width = shapes
        .get(name)!
        .slice(1)
        .reduce((product, extent) => product * extent, 1);
      const out = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++) out.set(randomValues(width, `${name}/${rows[i]}`), i * width);
      return out;
    },
    sha256: () => '0'.repeat(64),
    close: () => {},
  };
}

/** Uniform values in +-0.02 sqrt(3) from a xorshift generator seeded by `name`. */
function randomValues(size: number, name: string): Float32Array {
  let state = 2166136261;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 16777619);
  state |= 1;
  const out = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = (state / 2 ** 31) * 0.02 * Math.sqrt(3);
  }
  return out;
}
