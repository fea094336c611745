import { describe, expect, test } from 'vitest';
import { randomCheckpoint } from '../../../bench/randomCheckpoint.ts';
import type { CheckpointFile } from '../../../clip/checkpoint/checkpointFile.ts';
import { type ClipConfig, describeConfig, inferConfig } from '../../../clip/config.ts';
import { clipNotes } from '../../../clip/modelNotes.ts';

/** A CLIP of a published architecture, with random weights that nobody reads. */
function clip(vision: Partial<ClipConfig['vision']>, text: Partial<ClipConfig['text']> = {}): CheckpointFile {
  return {
    ...randomCheckpoint({
      vision: { width: 64, layers: 1, heads: 1, patch: 14, grid: 2, ...vision },
      text: { width: 64, layers: 1, heads: 1, vocabulary: 10, context: 7, ...text },
      embedding: 8,
      activation: 'gelu',
    }),
    path: 'some.pt',
  };
}
const headNotes = (file: CheckpointFile) => clipNotes(file).filter((note) => note.includes('heads'));

describe('sizes come from the shapes', () => {
  // Source: open_clip's model_configs, head_width and mlp_ratio of vision_cfg.
  test.each([
    ['ViT-H/14', { width: 1280, layers: 32, heads: 16 }, { width: 1024, layers: 24, heads: 16 }],
    ['ViT-g/14', { width: 1408, layers: 40, heads: 16, mlpWidth: 6144 }, { width: 1024, layers: 24, heads: 16 }],
    ['ViT-bigG/14', { width: 1664, layers: 48, heads: 16, mlpWidth: 8192 }, { width: 1280, layers: 32, heads: 20 }],
    ['ViT-e/14', { width: 1792, layers: 56, heads: 16, mlpWidth: 15360 }, { width: 1280, layers: 36, heads: 20 }],
    ['ViT-L/14', { width: 1024, layers: 24, heads: 16 }, { width: 768, layers: 12, heads: 12 }],
    ['ViT-S/16', { width: 384, layers: 12, heads: 6 }, { width: 384, layers: 12, heads: 6 }],
  ])('of %s', (_, vision, text) => {
    const config = inferConfig(clip(vision, text));
    expect(config).toMatchObject({ vision, text });
    expect(config.vision.mlpWidth).toBe('mlpWidth' in vision ? vision.mlpWidth : undefined);
  });

  test('an MLP of another width is said, in either tower', () => {
    const config = inferConfig(clip({ mlpWidth: 69 }, { mlpWidth: 100 }));
    expect(describeConfig(config)).toBe(
      'ViT 1x64/14 (1 heads, MLP 69, 2x2 positions), text 1x64 (MLP 100), embedding 8',
    );
    const file = clip({ layers: 2, mlpWidth: 69 });
    const name = 'visual.transformer.resblocks.1.mlp.c_fc.weight';
    const tensors = new Map(file.tensors).set(name, { name, dtype: 'F32', shape: [70, 64] });
    expect(() => inferConfig({ ...file, tensors })).toThrow(`tensor ${name} is [70, 64], expected [69, 64]`);
  });
});

describe('heads that nothing says are assumed, and that is said', () => {
  test.each([
    [8, 1, '1 head of width 8 (nothing in or beside the file says it)'],
    [96, 2, '2 heads of width 48 (nothing in or beside the file says it)'],
    [80, 1, '1 head of width 80 (nothing in or beside the file says it)'],
    [200, 4, '4 heads of width 50 (nothing in or beside the file says it)'],
    [1152, 18, '18 heads of width 64 (nothing in or beside the file says it)'],
    [1280, 20, '20 heads of width 64 (nothing in or beside the file says it)'],
    [1408, 16, '16 heads of width 88 (as in ViT-g/14)'],
    [1664, 16, '16 heads of width 104 (as in ViT-bigG/14)'],
  ])('width %i: %i heads', (width, heads, sentence) => {
    const file = clip({ width });
    expect(inferConfig(file).vision.heads).toBe(heads);
    expect(headNotes(file)).toEqual([`some.pt: heads of the image tower are assumed: ${sentence}`]);
  });

  test.each([64, 128, 384, 768, 1024])('width %i: heads as in all published towers', (width) => {
    expect(headNotes(clip({ width }))).toEqual([]);
  });

  test('not where the configuration or the metadata says them', () => {
    const file = clip({ width: 8 }, { width: 24 });
    expect(headNotes(file)).toHaveLength(2);
    const said = { ...file, modelConfig: { path: 'c', visionHeads: 2, textHeads: 3 } };
    expect(headNotes(said)).toEqual([]);
    expect(inferConfig(said)).toMatchObject({ vision: { heads: 2 }, text: { heads: 3 } });
  });

  test.each([131, 262, 65537, 0])('a width of %i is no multiple of about the usual one', (width) => {
    const file = clip({ width: 64 });
    const name = 'visual.conv1.weight';
    const tensors = new Map(file.tensors).set(name, { name, dtype: 'F32', shape: [width, 3, 14, 14] });
    expect(() => inferConfig({ ...file, tensors })).toThrow(
      `some.pt: visual.conv1.weight has width ${width}, expected a multiple of the head width 64`,
    );
  });
});

describe('the activation that was taken is said', () => {
  test('as assumed, or by whom', () => {
    const [assumed] = clipNotes({ ...clip({}), metadata: {} });
    expect(assumed).toBe(
      "some.pt: activation QuickGELU is assumed (OpenAI's; nothing in or beside the file says otherwise); " +
        '--activation chooses',
    );
    expect(clipNotes(clip({}), { activation: 'gelu' })).toEqual(['some.pt: activation GELU (asked for)']);
    expect(clipNotes({ ...clip({}), naming: 'Hugging Face' })[0]).toContain('is assumed (the default of Hugging Face');
    expect(clipNotes({ ...clip({}), moduleClasses: new Set(['GELU']) })[0]).not.toContain('assumed');
  });
});
