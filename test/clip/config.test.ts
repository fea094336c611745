import { describe, expect, it } from 'vitest';
import { CheckpointError, type CheckpointFile, type StoredTensor } from '../../clip/checkpoint/checkpointFile.ts';
import { type ClipConfig, describeConfig, expectedTensors, inferConfig } from '../../clip/config.ts';
import { RecordedCheckpoints } from '../../conformance/index.ts';
import { recordings } from '../support/reference.ts';

const TINY: ClipConfig = {
  vision: { width: 128, layers: 4, heads: 2, patch: 16, grid: 4 },
  text: { width: 64, layers: 2, heads: 1, vocabulary: 49408, context: 77 },
  embedding: 64,
  activation: 'quickGelu',
};

/** A checkpoint of which only names and shapes are looked at. */
function described(shapes: ReadonlyMap<string, readonly number[]>): CheckpointFile {
  const refuse = (): never => {
    throw new Error('inferConfig reads no values');
  };
  const tensors = new Map<string, StoredTensor>(
    [...shapes].map(([name, shape]) => [name, { name, dtype: 'F16', shape }]),
  );
  return {
    path: 'some.safetensors',
    metadata: {},
    tensors,
    read: refuse,
    readRows: refuse,
    sha256: refuse,
    close: () => {},
  };
}

function tiny(change: (shapes: Map<string, readonly number[]>) => unknown): CheckpointFile {
  const shapes = new Map<string, readonly number[]>(expectedTensors(TINY));
  change(shapes);
  return described(shapes);
}

describe('inferConfig', () => {
  it('reads the architecture off the shapes', () => {
    const config = inferConfig(new RecordedCheckpoints(recordings).clip('tiny_a'));
    expect(config).toEqual(TINY);
    expect(describeConfig(config)).toBe('ViT 4x128/16 (2 heads, 4x4 positions), text 2x64, embedding 64');
  });

  it.each<[string, ClipConfig]>([
    [
      'ViT-B/16',
      {
        vision: { width: 768, layers: 12, heads: 12, patch: 16, grid: 14 },
        text: { width: 512, layers: 12, heads: 8, vocabulary: 49408, context: 77 },
        embedding: 512,
        activation: 'quickGelu',
      },
    ],
    [
      'ViT-L/14 at 336',
      {
        vision: { width: 1024, layers: 24, heads: 16, patch: 14, grid: 24 },
        text: { width: 768, layers: 12, heads: 12, vocabulary: 49408, context: 77 },
        embedding: 768,
        activation: 'quickGelu',
      },
    ],
  ])('finds %s again from what it expects of it', (_, config) => {
    expect(inferConfig(described(expectedTensors(config)))).toEqual(config);
  });

  it('lets pass the entries of released files that are not weights', () => {
    const file = tiny((shapes) =>
      ['logit_scale', 'input_resolution', 'context_length', 'vocab_size'].forEach((name) => shapes.set(name, [])),
    );
    expect(inferConfig(file)).toEqual(TINY);
  });

  const BLOCK = 'visual.transformer.resblocks';
  it.each<[string, (shapes: Map<string, readonly number[]>) => unknown, string]>([
    [
      'nothing at all',
      (s) => s.clear(),
      "checkpoint some.safetensors has no tensor visual.conv1.weight, which every CLIP ViT in OpenAI's naming has",
    ],
    [
      'no text projection',
      (s) => s.delete('text_projection'),
      "checkpoint some.safetensors has no tensor text_projection, which every CLIP ViT in OpenAI's naming has",
    ],
    [
      'a missing bias',
      (s) => s.delete(`${BLOCK}.2.mlp.c_fc.bias`),
      `checkpoint some.safetensors has no tensor ${BLOCK}.2.mlp.c_fc.bias`,
    ],
    ['a missing norm', (s) => s.delete('ln_final.weight'), 'checkpoint some.safetensors has no tensor ln_final.weight'],
    [
      'one tensor too many',
      (s) => s.set('visual.attnpool.q_proj.weight', [64, 64]),
      'checkpoint some.safetensors has tensor visual.attnpool.q_proj.weight, which no CLIP ViT of its size has',
    ],
    [
      'three tensors too many',
      (s) => ['x', 'y', 'z'].forEach((name) => s.set(name, [1])),
      'checkpoint some.safetensors has tensor x and 2 more, which no CLIP ViT of its size has',
    ],
    [
      'a gap in the image layers',
      (s) => renameLayer(s, `${BLOCK}.1.`, `${BLOCK}.7.`),
      `checkpoint some.safetensors has 4 layers named ${BLOCK}.N, expected N to run from 0 without gaps`,
    ],
    [
      'a gap in the text layers',
      (s) => renameLayer(s, 'transformer.resblocks.0.', 'transformer.resblocks.2.'),
      'checkpoint some.safetensors has 2 layers named transformer.resblocks.N, expected N to run from 0 without gaps',
    ],
    [
      'no layers',
      (s) => [0, 1, 2, 3].forEach((layer) => renameLayer(s, `${BLOCK}.${layer}.`, undefined)),
      `checkpoint some.safetensors has 0 layers named ${BLOCK}.N, expected N to run from 0 without gaps`,
    ],
    [
      'a layer number beyond all bounds',
      (s) => s.set(`${BLOCK}.99999999999999999999.ln_1.bias`, [128]),
      `checkpoint some.safetensors has 5 layers named ${BLOCK}.N, expected N to run from 0 without gaps`,
    ],
    [
      'positions that are no square',
      (s) => s.set('visual.positional_embedding', [16, 128]),
      'checkpoint some.safetensors: tensor visual.positional_embedding is [16, 128], expected a square number of ' +
        'rows plus one',
    ],
    [
      'positions with three axes',
      (s) => s.set('visual.positional_embedding', [1, 17, 128]),
      'checkpoint some.safetensors: tensor visual.positional_embedding is [1, 17, 128], expected 2 axes',
    ],
    [
      'patches that are not square',
      (s) => s.set('visual.conv1.weight', [128, 3, 16, 8]),
      'checkpoint some.safetensors: tensor visual.conv1.weight is [128, 3, 16, 8], expected [128, 3, 16, 16]',
    ],
    [
      'pictures of one channel',
      (s) => s.set('visual.conv1.weight', [128, 1, 16, 16]),
      'checkpoint some.safetensors: tensor visual.conv1.weight is [128, 1, 16, 16], expected [128, 3, 16, 16]',
    ],
    [
      'a width that is no whole number of heads',
      (s) => s.set('visual.conv1.weight', [262, 3, 16, 16]),
      'checkpoint some.safetensors: visual.conv1.weight has width 262, expected a multiple of the head width 64',
    ],
    [
      'projections of two widths',
      (s) => s.set('visual.proj', [128, 32]),
      'checkpoint some.safetensors: tensor visual.proj is [128, 32], expected [128, 64]',
    ],
    [
      'a transposed weight',
      (s) => s.set(`${BLOCK}.0.mlp.c_fc.weight`, [128, 512]),
      `checkpoint some.safetensors: tensor ${BLOCK}.0.mlp.c_fc.weight is [128, 512], expected [512, 128]`,
    ],
    [
      'a bias with an axis too many',
      (s) => s.set('ln_final.bias', [1, 64]),
      'checkpoint some.safetensors: tensor ln_final.bias is [1, 64], expected [64]',
    ],
    [
      'a token table of another width',
      (s) => s.set('token_embedding.weight', [49408, 128]),
      'checkpoint some.safetensors: tensor token_embedding.weight is [49408, 128], expected [49408, 64]',
    ],
  ])('refuses %s', (_, change, expected) => {
    const file = tiny(change);
    expect(() => inferConfig(file)).toThrow(new CheckpointError(expected, 'some.safetensors'));
  });

  it.each([0, 1])('refuses a position table of %i rows', (rows) => {
    const file = tiny((shapes) => shapes.set('visual.positional_embedding', [rows, 128]));
    expect(() => inferConfig(file)).toThrow(
      `checkpoint some.safetensors: tensor visual.positional_embedding is [${rows}, 128], expected `,
    );
  });
});

function renameLayer(shapes: Map<string, readonly number[]>, from: string, to: string | undefined): void {
  for (const [name, shape] of Array.from(shapes)) {
    if (!name.startsWith(from)) continue;
    shapes.delete(name);
    if (to !== undefined) shapes.set(name.replace(from, to), shape);
  }
}
