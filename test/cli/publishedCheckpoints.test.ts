import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { archiveOf, type ArchivedTensor, fileOf, legacyOf } from '../clip/checkpoint/archives.ts';
import { clipTensors, dinoTensors, foreign, other, SMALL, treePickle } from '../clip/checkpoint/publishedFiles.ts';
import { runCli } from '../support/runCli.ts';
import { QUICK } from '../support/sampleRuns.ts';

const scene = fileURLToPath(new URL('../../examples/scenes/scene_0033.jpg', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-published-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The smallest CLIP that segments: its vocabulary holds every byte, and its patches are few. */
const CLIP = {
  ...SMALL,
  vision: { ...SMALL.vision, patch: 16 },
  text: { ...SMALL.text, vocabulary: 520, context: 77 },
};
const LARGER = { ...CLIP, text: { ...CLIP.text, layers: 2 } };

const rf = (...args: string[]) => runCli(args, { environment: { RFCLIP_CACHE_DIR: join(folder, 'cache') } });
const write = (name: string, tensors: readonly ArchivedTensor[], more: Record<string, Buffer> = {}) =>
  fileOf(folder, name, archiveOf(tensors, { pickle: treePickle(more) }));
const lines = (text: string, part: string) => text.split('\n').filter((line) => line.includes(part));

describe('checkpoints as people publish them', () => {
  const scalar = { best_acc: foreign.numpyScalar(), args: foreign.object('argparse', 'Namespace') };
  const inDictionary = clipTensors('state_dict/module.', CLIP);
  test.each<[string, () => string, string[]]>([
    ['with a numpy scalar and a namespace', () => write('scalar.pt', inDictionary, scalar), []],
    [
      'from before PyTorch 1.6',
      () => fileOf(folder, 'old.pth', legacyOf(inDictionary, { pickle: treePickle(scalar) })),
      ['format        PyTorch before 1.6'],
    ],
    [
      'with a bias of the sigmoid loss and an optimizer',
      () => write('bias.pt', [...inDictionary, other('state_dict/module.logit_bias', []), other('optimizer/0')]),
      ['prefix        state_dict.module.', 'left out      state_dict.module.logit_bias', 'left out      optimizer.0'],
    ],
    [
      'beside a learned prompt',
      () => write('prompt.pt', [...clipTensors('module.clip_model.', CLIP), other('module.prompt_learner.ctx')]),
      ['prefix        module.clip_model.', 'left out      module.prompt_learner.ctx'],
    ],
    [
      'beside its average',
      () => write('ema.pt', [...clipTensors('ema/', CLIP), ...clipTensors('model/', CLIP)]),
      ['prefix        model.', 'also there    "ema." (--prefix chooses)'],
    ],
    [
      'with an MLP of another width',
      () => write('mlp.pt', clipTensors('', { ...CLIP, vision: { ...CLIP.vision, mlpWidth: 37 } })),
      ['architecture  ViT 1x8/16 (1 heads, MLP 37, 2x2 positions)'],
    ],
  ])('weights info: %s', async (_, make, expected) => {
    const { code, stdout, stderr } = await rf('weights', 'info', make());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/architecture {2}ViT 1x8\/16/);
    expect(lines(stdout, 'heads         assumed: 1 head of width 8')).toHaveLength(2);
    for (const line of expected) expect(stdout).toContain(line);
    if (expected.every((line) => !line.startsWith('left out'))) expect(stdout).not.toContain('left out');
  });

  test('weights info: a DINO training checkpoint', async () => {
    const path = write('dino.pth', [
      ...dinoTensors('student/module.backbone.'),
      ...dinoTensors('teacher/backbone.'),
      other('teacher/head.weight'),
    ]);
    const { stdout } = await rf('weights', 'info', path);
    expect(stdout).toContain('is a DINO ViT, which has no text tower');
    expect(stdout).toContain('for --dino    DINO ViT 1x64/4 (1 heads, 2x2 positions)');
    const json = JSON.parse((await rf('weights', 'info', path, '--json')).stdout);
    expect(json).toMatchObject({ prefix: 'teacher.backbone.', naming: 'DINO' });
    expect(json.leftOut).toContain('teacher.head.weight');
  });
});

describe('what was decided is said once', () => {
  const path = write('two.pt', [
    ...clipTensors('first.', CLIP),
    ...clipTensors('second.', LARGER),
    other('head.weight'),
  ]);
  const segment = (...args: string[]) =>
    rf('segment', scene, '--classes', 'cat, dog', '--out', join(folder, 'out'), '--method', 'clip', ...QUICK, ...args);

  test('by segment, which takes the other one of two where it is asked to', async () => {
    const { code, stderr } = await segment('--checkpoint', path);
    expect(code).toBe(0);
    for (const part of [
      'note: two.pt: the CLIP under "second." is taken; --prefix takes the one under "first."',
      'note: two.pt: left out: head.weight',
      'note: two.pt: activation QuickGELU is assumed',
      'note: two.pt: heads of the image tower are assumed: 1 head of width 8',
    ])
      expect(lines(stderr, part)).toHaveLength(1);
    const chosen = await segment('--checkpoint', path, '--prefix', 'first', '--activation', 'gelu', '--json');
    expect(chosen).toMatchObject({ code: 0, stderr: '' });
    const asked = await segment('--checkpoint', path, '--prefix', 'first', '--activation', 'gelu');
    expect(asked.stderr).toContain('note: two.pt: activation GELU (asked for)');
    expect(asked.stderr).toContain('the CLIP under "first." is taken; --prefix takes the one under "second."');
    const none = await segment('--checkpoint', path, '--prefix', 'third');
    expect(none).toMatchObject({ code: 1 });
    expect(none.stderr).toContain('has no CLIP whose names begin with "third"; expected "second." or "first."');
  });

  test.each<[string, string[]]>([
    ['calibrate', ['calibrate', scene, '--count', '2']],
    ['ablate', ['ablate', scene, '--classes', 'cat, dog', ...QUICK]],
    ['eval', ['eval', 'sample', '--limit', '1', '--method', 'clip', ...QUICK, '--out', join(folder, 'eval')]],
    [
      'segment --method all',
      ['segment', scene, '--classes', 'cat', '--method', 'all', ...QUICK, '--out', join(folder, 'all')],
    ],
    ['weights convert', ['weights', 'convert', path, join(folder, 'converted.safetensors')]],
    ['weights verify', ['weights', 'verify', path]],
  ])('by %s', async (name, args) => {
    const { stderr } = await rf(...args, ...(name.startsWith('weights') ? [] : ['--checkpoint', path]));
    expect(lines(stderr, 'left out: head.weight')).toHaveLength(1);
    expect(lines(stderr, 'activation QuickGELU is assumed')).toHaveLength(name === 'weights verify' ? 0 : 1);
  });

  test('and nothing about the embedded checkpoint', async () => {
    const { stderr } = await segment();
    expect(stderr).not.toContain('activation');
  });

  test('a resumed evaluation does not mix two networks of one file', async () => {
    const out = join(folder, 'resumed');
    const run = (...more: string[]) =>
      rf('eval', 'sample', '--limit', '1', '--method', 'clip', ...QUICK, '--out', out, '--checkpoint', path, ...more);
    expect(await run()).toMatchObject({ code: 0 });
    const other = await run('--resume', '--prefix', 'first.');
    expect(other.code).not.toBe(0);
    expect(other.stderr).toContain('the prefix of the CLIP in the checkpoint is first., it was not there');
  });
});
