import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckpointFile } from '../../../clip/checkpoint/checkpointFile.ts';
import { openCheckpoint, openDinoCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { inferDinoConfig } from '../../../clip/dino/index.ts';
import { selectionNotes } from '../../../clip/modelNotes.ts';
import { archiveOf, type ArchivedTensor, fileOf } from './archives.ts';
import { clipTensors, dinoTensors, LARGER, other, SMALL, treePickle } from './publishedFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-subtrees-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (tensors: readonly ArchivedTensor[]) =>
  fileOf(folder, 'weights.pt', archiveOf(tensors, { pickle: treePickle() }));
const openClip = (tensors: readonly ArchivedTensor[], prefix?: string) => openCheckpoint(write(tensors), { prefix });
const openDino = (tensors: readonly ArchivedTensor[], prefix?: string) =>
  openDinoCheckpoint(write(tensors), { prefix });
const notes = (file: CheckpointFile) => selectionNotes(file, 'CLIP', '--prefix');

/** The same tensors under other names. */
const renamed = (tensors: readonly ArchivedTensor[], rename: (name: string) => string) =>
  tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));

/** All values must be those of the CLIP, under OpenAI's names. */
function expectSmall(file: CheckpointFile): void {
  expect(inferConfig(file, { activation: 'quickGelu' })).toEqual(SMALL);
  for (const { name, bytes } of clipTensors())
    expect(Buffer.from(file.read(name).buffer).equals(bytes!), name).toBe(true);
  file.close();
}

describe('a CLIP is found wherever it lies', () => {
  test.each<[string, string, ArchivedTensor[], string[]]>([
    ['alone', '', [], []],
    ['in a dictionary', 'state_dict/', [], []],
    ['of data-parallel training, in a dictionary', 'state_dict/module.', [], []],
    ['of a Lightning module', 'state_dict/model.clip_model.', [other('state_dict/loss.weight')], ['loss.weight']],
    [
      'beside a learned prompt',
      'module.clip_model.',
      [other('module.prompt_learner.ctx')],
      ['module.prompt_learner.ctx'],
    ],
    ['beside a bias of the sigmoid loss', 'module.', [other('module.logit_bias', [])], ['module.logit_bias']],
    ['beside a bias, without a prefix', '', [other('logit_bias', [])], ['logit_bias']],
    ['beside a counter of averages', 'module.', [other('n_averaged', [])], ['n_averaged']],
    ['beside an optimizer', 'model/', [other('optimizer/state/0/exp_avg')], ['optimizer.state.0.exp_avg']],
    ['behind a prefix that nobody knows', 'a.b_c.0.', [other('head.weight')], ['head.weight']],
    ['in a dictionary that nobody knows', 'net/weights/', [other('net/ema_decay')], ['ema_decay']],
    ['that was trained in shards', 'model/_fsdp_wrapped_module.', [other('epoch')], ['epoch']],
    ['beside a class head in its image tower', '', [other('visual.head.weight')], ['visual.head.weight']],
  ])('%s', (_, prefix, neighbours, leftOut) => {
    for (const tensors of [
      [...clipTensors(prefix), ...neighbours],
      [...neighbours, ...clipTensors(prefix)],
    ]) {
      const file = openClip(tensors);
      expect(file.selection?.leftOut).toEqual(leftOut);
      expect(notes(file).join()).toContain(leftOut[0]?.split('.')[0] ?? '');
      expect(notes(file)).toHaveLength(Math.min(1, leftOut.length));
      expectSmall(file);
    }
  });

  test('wrapped block by block, and a tower of data-parallel training', () => {
    const wrap = (name: string) =>
      name
        .replace(/resblocks\.(\d+)\./, 'resblocks.$1._fsdp_wrapped_module._checkpoint_wrapped_module.')
        .replace(/^visual\./, 'visual.module.');
    const file = openClip(renamed(clipTensors(), wrap));
    expect(file.selection).toMatchObject({ prefix: '', leftOut: [] });
    expectSmall(file);
  });

  test('with integer buffers inside of its blocks, but not with weights there', () => {
    const counter: ArchivedTensor = { name: 'visual.transformer.resblocks.0.calls', dtype: 'I64', shape: [] };
    expectSmall(openClip([...clipTensors(), counter]));
    const scale = other('visual.transformer.resblocks.0.scale.gamma', [8]);
    expect(() => inferConfig(openClip([...clipTensors(), scale]))).toThrow(
      'has tensor visual.transformer.resblocks.0.scale.gamma, which no CLIP ViT of its size has',
    );
  });

  test('in towers that lie apart', () => {
    const apart = (name: string) =>
      name.startsWith('visual.') ? name.replace('visual.', '_image_encoder.') : `_text_encoder.module.${name}`;
    const file = openClip([...renamed(clipTensors(), apart), other('_logit_scale.logit_scale', [])]);
    expect(file.selection).toMatchObject({ prefix: '_image_encoder. and _text_encoder.module.', leftOut: [] });
    expect(file.tensors.has('logit_scale')).toBe(true);
    expectSmall(file);
    // Of two text towers, nobody knows which belongs to the image tower.
    const two = [...renamed(clipTensors(), apart), ...renamed(clipTensors(), (name) => `second/${apart(name)}`)];
    expect(() => inferConfig(openClip(two))).toThrow('has no tensor visual.conv1.weight');
  });

  test('of open_clip with the text tower under text., behind a prefix', () => {
    const text = (name: string) => `clip.${name.startsWith('visual.') ? name : `text.${name}`}`;
    const file = openClip([...renamed(clipTensors(), text), other('decoder.weight')]);
    expect(file.naming).toBe('open_clip with text prefix');
    expect(file.selection).toMatchObject({ prefix: 'clip.', leftOut: ['decoder.weight'] });
    expectSmall(file);
  });
});

describe('of several', () => {
  const both = (first: string, second: string, ...configs: (typeof SMALL)[]) => [
    ...clipTensors(first, configs[0]),
    ...clipTensors(second, configs[1]),
  ];

  test('the largest is taken', () => {
    const file = openClip(both('student.', 'teacher.', SMALL, LARGER));
    expect(file.selection).toMatchObject({ prefix: 'teacher.', leftOut: [], others: ['student.'] });
    expect(inferConfig(file)).toEqual(LARGER);
    expect(notes(file)).toEqual([
      'weights.pt: the CLIP under "teacher." is taken; --prefix takes the one under "student."',
    ]);
  });

  test.each([
    ['ema_model.', 'model.', 'model.'],
    ['state_dict_ema/', 'state_dict/', 'state_dict.'],
    ['student.', 'teacher.', 'teacher.'],
    ['model_avg.', 'net.', 'net.'],
    ['momentum.clip.', 'online.clip.', 'online.clip.'],
    ['first.', 'second.', 'first.'],
  ])('of two equal ones, %s and %s, it is %s', (first, second, taken) => {
    expect(openClip(both(first, second)).selection?.prefix).toBe(taken);
  });

  test('the one in the dictionary of the weights is taken, as ever, though another is larger', () => {
    const file = openClip(both('teacher/', 'model/', LARGER, SMALL));
    expect(file.selection).toMatchObject({ prefix: 'model.', others: ['teacher.'] });
    expectSmall(file);
  });

  test('a prefix chooses, with or without a dot, or a beginning of it', () => {
    const tensors = both('student.module.', 'teacher.module.', SMALL, LARGER);
    for (const prefix of ['student.module.', 'student.module', 'student'])
      expect(openClip(tensors, prefix).selection?.prefix).toBe('student.module.');
    expect(() => openClip(tensors, 'stud')).toThrow(
      'weights.pt has no CLIP whose names begin with "stud"; expected "teacher.module." or "student.module."',
    );
    expect(() => openClip([other('w')], 'x')).toThrow('has no CLIP whose names begin with "x"; it has no CLIP at all');
    expectSmall(openClip([...clipTensors(), ...clipTensors('ema.', LARGER)], ''));
  });

  test('a whole one is preferred to a larger part of one', () => {
    const part = clipTensors('big.', LARGER).filter(({ name }) => !name.includes('text_projection'));
    const file = openClip([...part, ...clipTensors('small.')]);
    expect(file.selection).toMatchObject({ prefix: 'small.', others: [] });
    expect(() => inferConfig(openClip([...part, ...clipTensors('small.')], 'big'))).toThrow(
      'has no tensor text_projection',
    );
  });
});

describe('DINO', () => {
  test('the teacher of a training checkpoint is taken; heads are left out', () => {
    const tensors = [
      ...dinoTensors('student/module.backbone.'),
      ...dinoTensors('teacher/backbone.'),
      other('teacher/head.last_layer.weight_g'),
    ];
    const file = openDino(tensors);
    expect(file.selection).toEqual({
      prefix: 'teacher.backbone.',
      leftOut: ['teacher.head.last_layer.weight_g'],
      others: ['student.module.backbone.'],
    });
    expect(inferDinoConfig(file)).toEqual({ width: 64, layers: 1, heads: 1, patch: 4, grid: 2 });
    expect(openDino(tensors, 'student').selection?.prefix).toBe('student.module.backbone.');
    expect(() => openDino(tensors, 'x')).toThrow('has no DINO ViT whose names begin with "x"');
    // Where a CLIP is looked for, the same file is called by its name.
    expect(() => inferConfig(openClip(tensors))).toThrow('is a DINO ViT, which has no text tower');
  });

  test('and a CLIP in one file: each is found', () => {
    const tensors = [...clipTensors('clip.'), ...dinoTensors('dino.')];
    expectSmall(openClip(tensors));
    expect(inferDinoConfig(openDino(tensors)).layers).toBe(1);
  });

  test('one that is not whole says where it was found and what it lacks', () => {
    const part = dinoTensors('teacher/backbone.').filter(({ name }) => !name.includes('blocks'));
    expect(() => inferDinoConfig(openDino([...part, other('teacher/head.weight')]))).toThrow(
      'weights.pt (what is under "backbone.") has 0 layers named blocks.N',
    );
    expect(() => inferDinoConfig(openDino([other('w')]))).toThrow('has no tensor patch_embed.proj.weight');
  });

  test.each<[string, ArchivedTensor[], string]>([
    [
      'DINOv2',
      [...dinoTensors(), other('blocks.0.ls1.gamma', [64])],
      'a DINOv2 or DINOv3 ViT, whose blocks have LayerScale',
    ],
    ["Hugging Face's", [other('embeddings.patch_embeddings.projection.weight')], "a ViT in Hugging Face's naming"],
    ['a CLIP', clipTensors(), 'a CLIP'],
  ])('%s is no DINO ViT', (_, tensors, what) => {
    expect(() => inferDinoConfig(openDino(tensors))).toThrow(`is ${what}, expected a DINO ViT`);
  });

  test('another width of heads is assumed, and of the MLP read', () => {
    const narrow = inferDinoConfig(openDino(dinoTensors('', 24)));
    expect(narrow).toMatchObject({ width: 24, heads: 1 });
    const wide = dinoTensors().map((tensor) =>
      tensor.name.includes('fc1') || tensor.name.includes('fc2.weight')
        ? { ...tensor, shape: tensor.shape.map((extent) => (extent === 256 ? 100 : extent)) }
        : tensor,
    );
    expect(inferDinoConfig(openDino(wide))).toMatchObject({ width: 64, mlpWidth: 100 });
  });
});
