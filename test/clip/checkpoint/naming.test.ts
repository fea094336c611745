import { describe, expect, test } from 'vitest';
import { randomCheckpoint } from '../../../bench/randomCheckpoint.ts';
import { chooseActivation } from '../../../clip/checkpoint/activation.ts';
import { CheckpointError, type CheckpointFile, type StoredTensor } from '../../../clip/checkpoint/checkpointFile.ts';
import { presentAsOpenAi } from '../../../clip/checkpoint/naming/presentAsOpenAi.ts';
import { type ClipConfig, inferConfig } from '../../../clip/config.ts';

const TINY: ClipConfig = {
  vision: { width: 64, layers: 2, heads: 1, patch: 8, grid: 2 },
  text: { width: 64, layers: 1, heads: 1, vocabulary: 20, context: 7 },
  embedding: 16,
  activation: 'quickGelu',
};
const openAi = randomCheckpoint(TINY);

/** The random checkpoint with other names; `transposed` ones are stored so. */
function renamed(
  rename: (name: string) => string,
  options: { transposed?: readonly string[]; extra?: StoredTensor[]; more?: Partial<CheckpointFile> } = {},
): CheckpointFile {
  const originalOf = new Map([...openAi.tensors.keys()].map((name) => [rename(name), name]));
  const isTransposed = (name: string) => options.transposed?.includes(name) === true;
  return {
    ...openAi,
    path: 'some weights',
    tensors: new Map([
      ...[...originalOf].map(([name, original]) => {
        const { dtype, shape } = openAi.tensors.get(original)!;
        return [name, { name, dtype, shape: isTransposed(name) ? [...shape].reverse() : shape }] as const;
      }),
      ...(options.extra ?? []).map((tensor) => [tensor.name, tensor] as const),
    ]),
    read: (name) => {
      const original = originalOf.get(name)!;
      const values = openAi.read(original);
      if (!isTransposed(name)) return values;
      const [rows, columns] = openAi.tensors.get(original)!.shape;
      return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
    },
    readRows: (name, rows) => openAi.readRows(originalOf.get(name)!, rows),
    ...options.more,
  };
}

/** All values of `file` must be those of the random checkpoint under OpenAI's names. */
function expectPresented(file: CheckpointFile): void {
  for (const [name, { shape }] of openAi.tensors) {
    expect(file.tensors.get(name)?.shape, name).toEqual(shape);
    expect(file.read(name), name).toEqual(openAi.read(name));
  }
  expect(inferConfig(file, { activation: 'quickGelu' })).toEqual(TINY);
}

const integer = (name: string): StoredTensor => ({ name, dtype: 'I64', shape: [1, 7] });
const float = (name: string): StoredTensor => ({ name, dtype: 'F32', shape: [7, 7] });

describe('names', () => {
  test.each([
    ["OpenAI's", '', 'OpenAI'],
    ['behind data-parallel training', 'module.', 'OpenAI'],
    ['behind torch.compile and another module', '_orig_mod.module.', 'OpenAI'],
    ['behind a wrapper', 'clip_model.', 'OpenAI'],
  ])('%s', (_, prefix, naming) => {
    const file = presentAsOpenAi(renamed((name) => prefix + name, { extra: [float(`${prefix}attn_mask`)] }));
    expect(file.naming).toBe(naming);
    expect(file.tensors.has('attn_mask')).toBe(false);
    expectPresented(file);
  });

  const withText = (name: string) => (name.startsWith('visual.') ? name : `text.${name}`);
  test("open_clip's with the text tower under text.", () => {
    const file = presentAsOpenAi(
      renamed((name) => `module.${withText(name)}`, { extra: [float('module.text.attn_mask')] }),
    );
    expect(file.naming).toBe('open_clip with text prefix');
    expectPresented(file);
    expect(file.readRows('token_embedding.weight', [3, 4])).toEqual(openAi.readRows('token_embedding.weight', [3, 4]));
  });

  test('a text projection that is a linear layer', () => {
    const linear = 'text.text_projection.weight';
    const file = presentAsOpenAi(
      renamed((name) => (name === 'text_projection' ? linear : withText(name)), { transposed: [linear] }),
    );
    expectPresented(file);
    expect(file.readRows('text_projection', [5])).toEqual(openAi.read('text_projection').subarray(80, 96));
  });

  test('Hugging Face: a part of query, key and value that is missing or of another shape', () => {
    const names = ['q', 'k', 'v'].map((part) => `vision_model.encoder.layers.0.self_attn.${part}_proj.weight`);
    const patch = {
      name: 'vision_model.embeddings.patch_embedding.weight',
      dtype: 'F32',
      shape: [4, 3, 2, 2],
    } as const;
    const file = (parts: StoredTensor[]): CheckpointFile => ({
      ...openAi,
      path: 'hf',
      tensors: new Map([patch, ...parts].map((tensor) => [tensor.name, tensor])),
    });
    const part = (name: string, shape = [4, 4]): StoredTensor => ({ name, dtype: 'F32', shape });
    expect(() => presentAsOpenAi(file([part(names[0]), part(names[2])]))).toThrow(
      new CheckpointError(
        `checkpoint hf has no tensor ${names[1]}, a part of visual.transformer.resblocks.0.attn.in_proj_weight`,
        'hf',
      ),
    );
    expect(() => presentAsOpenAi(file([part(names[0]), part(names[1], [4, 5]), part(names[2])]))).toThrow(
      `tensor ${names[1]} is [4, 5], which does not fit ${names[0]}, [4, 4]`,
    );
    expect(() => presentAsOpenAi(file([part('visual_projection.weight', [4])]))).toThrow(
      'tensor visual_projection.weight is [4], expected a matrix',
    );
  });

  test('what is no CLIP ViT is called by its name', () => {
    const sentence = (tensors: StoredTensor[]) => () =>
      inferConfig(
        presentAsOpenAi({ ...openAi, path: 'x', tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) }),
      );
    expect(sentence([float('cls_token'), float('patch_embed.proj.weight')])).toThrow(
      'checkpoint x is a DINO ViT, which has no text tower, expected a CLIP ViT with both towers',
    );
    expect(sentence([float('visual.conv1.weight'), float('visual.layer1.0.conv1.weight')])).toThrow(
      'a CLIP with a ResNet as its image tower',
    );
    expect(sentence([float('visual.trunk.patch_embed.proj.weight')])).toThrow("one of timm's image towers");
    expect(sentence([float('visual.conv1.weight')])).toThrow('an image tower without a text tower');
    expect(sentence([float('w')])).toThrow('has no tensor visual.conv1.weight');
    expect(() => inferConfig(renamed((name) => name, { extra: [integer('steps')] }))).toThrow(
      'has tensor steps, which no CLIP ViT',
    );
  });

  test('quantised weights are refused', () => {
    const name = 'visual.proj';
    expect(() => inferConfig(renamed((key) => key, { extra: [{ name, dtype: 'I8', shape: [64, 16] }] }))).toThrow(
      'tensor visual.proj has dtype I8, expected F32, F16 or BF16',
    );
  });
});

describe('activation', () => {
  const choose = (more: Partial<CheckpointFile>, tensors: StoredTensor[] = []) =>
    chooseActivation(renamed((name) => name, { extra: tensors, more }));
  test.each([
    ['the metadata', { metadata: { activation: 'gelu' }, moduleClasses: new Set(['QuickGELU']) }, 'gelu', 'metadata'],
    [
      'the configuration',
      { modelConfig: { path: 'config.json', activation: 'gelu' }, naming: 'Hugging Face' },
      'gelu',
      'config.json says so',
    ],
    ['TorchScript classes', { moduleClasses: new Set(['QuickGELU']) }, 'quickGelu', 'class QuickGELU'],
    ['other TorchScript classes', { moduleClasses: new Set(['GELU']) }, 'gelu', 'class GELU'],
    ['Hugging Face names', { naming: 'Hugging Face' }, 'quickGelu', 'no config.json'],
    ["open_clip's names", { naming: 'open_clip with text prefix' }, 'gelu', 'no open_clip_config.json'],
    ['nothing', {}, 'quickGelu', 'nothing in or beside the file'],
  ] as [string, Partial<CheckpointFile>, string, string][])('by %s', (_, more, activation, reason) => {
    const chosen = choose(more);
    expect(chosen.activation).toBe(activation);
    expect(chosen.reason).toContain(reason);
  });

  test('by the size, where OpenAI has none; the user has the last word', () => {
    expect(choose({}, [{ name: 'visual.class_embedding', dtype: 'F32', shape: [1280] }]).activation).toBe('gelu');
    expect(chooseActivation(openAi, 'gelu')).toEqual({ activation: 'gelu', reason: 'asked for' });
    expect(() => choose({ metadata: { activation: 'relu' } })).toThrow(
      'has metadata activation relu, expected quickGelu or gelu',
    );
  });
});

describe('heads', () => {
  const wide: ClipConfig = {
    ...TINY,
    vision: { ...TINY.vision, width: 1280, layers: 32, heads: 16 },
    activation: 'gelu',
  };
  test('ViT-H/14 has 16 heads of 80', () => expect(inferConfig(randomCheckpoint(wide))).toEqual(wide));

  test('from hints, the configuration or the metadata; those that do not divide the width are refused', () => {
    expect(inferConfig(openAi, { visionHeads: 4, textHeads: 2 })).toMatchObject({
      vision: { heads: 4 },
      text: { heads: 2 },
    });
    expect(inferConfig({ ...openAi, modelConfig: { path: 'c', visionHeads: 8, textHeads: 4 } })).toMatchObject({
      vision: { heads: 8 },
      text: { heads: 4 },
    });
    expect(inferConfig({ ...openAi, metadata: { vision_heads: '2' } })).toMatchObject({
      vision: { heads: 2 },
      text: { heads: 1 },
    });
    expect(() => inferConfig(openAi, { visionHeads: 3 })).toThrow(
      'visual.conv1.weight has width 64, expected a multiple of its 3 heads',
    );
    expect(() => inferConfig({ ...openAi, metadata: { text_heads: '1e9' } })).toThrow(
      'has metadata text_heads 1e9, expected a whole number',
    );
  });
});
