import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Model } from '../../library/index.ts';
import { classListOf } from '../../library/classInput.ts';
import { classScores, normalizeRows } from '../../library/zeroShot.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { openCase, REFERENCE } from '../support/reference.ts';
import { LIBRARY_CONFIG, LOGIT_SCALE, randomPicture, useFolder, useSmallModel } from '../support/useSmallModel.ts';
import { writeRandomCheckpoint } from '../support/randomCheckpoint.ts';
import { floats } from '../support/safetensorsWriter.ts';

const small = useSmallModel();
const picture = randomPicture(3);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('zero-shot scores', () => {
  it('are the softmax of the recorded logits', () => {
    const checks = openCase('clip/formats/small/small_openai_f16.safetensors model');
    const image = normalizeRows(Float32Array.from(checks.output('image_features').values), 32);
    const texts = normalizeRows(Float32Array.from(checks.output('text_features').values), 32);
    const logits = Array.from(checks.output('logits_per_image').values);
    const scale = Math.exp(4.60546875); // as small_tensor_sums.json has it, which is float16 of ln 100
    const names = ['one', 'two', 'three', 'four'];
    const scores = classScores(image, texts, classListOf(names), scale);
    const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    for (const { name, score } of scores) {
      const expected = exponentials[names.indexOf(name)] / sum(exponentials);
      // Cosines may be off by 2e-5 (the manifest's tolerance); the scale and the softmax pass that on at most.
      expect(Math.abs(score - expected)).toBeLessThan(2e-5 * scale);
    }
    expect(scores.map(({ name }) => name)).toEqual(
      [...names].sort((a, b) => logits[names.indexOf(b)] - logits[names.indexOf(a)]),
    );
  });

  it('take the best of a class’s words, and stay finite for any scale', () => {
    const image = Float32Array.of(1, 0);
    const texts = Float32Array.of(0, 1, 1, 0, 0.6, 0.8);
    const list = classListOf([{ name: 'a', synonyms: ['b'] }, 'c']);
    const [first, second] = classScores(image, texts, list, 10);
    expect(first).toEqual({ name: 'a', score: expect.closeTo(1 / (1 + Math.exp(-4)), 6) });
    expect(second).toEqual({ name: 'c', score: expect.closeTo(1 / (1 + Math.exp(4)), 6) });
    expect(classScores(image, texts, list, 1e6)).toEqual([
      { name: 'a', score: 1 },
      { name: 'c', score: 0 },
    ]);
  });

  it('need rows of length 1, which a zero row cannot have', () => {
    expectEqual(normalizeRows(Float32Array.of(3, 4, 0, 0), 2), Float32Array.of(0.6, 0.8, 0, 0));
  });
});

describe('classify', () => {
  it('multiplies cosines with the checkpoint’s own scale', async () => {
    const { model } = small;
    const templates = ['a photo of a {}.'];
    const names = ['cat', 'dog', 'tree'];
    const scores = await model.classify(picture, names, { templates });
    const image = await model.encodeImage(picture, { normalize: true });
    const words = names.map((name) => `a photo of a ${name}.`);
    const texts = await model.encodeText(words, { normalize: true });
    const logits = names.map((_, i) => LOGIT_SCALE * dot(image.data, texts.data.subarray(32 * i, 32 * (i + 1))));
    const exponentials = logits.map((logit) => Math.exp(logit));
    const expected = names.map((name, i) => ({ name, score: exponentials[i] / sum(exponentials) }));
    expected.sort((a, b) => b.score - a.score);
    expect(scores.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
    expectClose({
      actual: scores.map(({ score }) => score),
      expected: expected.map(({ score }) => score),
      // Text features are normalised twice on one way and once on the other: 4 roundings of 32 terms, times the scale.
      tolerance: 4 * 32 * 2 ** -24 * LOGIT_SCALE,
    });
  });

  it('has every class once, the largest first, and shares of 1', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `thing ${i}`);
    const scores = await small.model.classify(picture, names);
    expect(scores.map(({ name }) => name).sort()).toEqual([...names].sort());
    const values = scores.map(({ score }) => score);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(sum(values)).toBeCloseTo(1, 12);
    expect(await small.model.classify(picture, ['alone'])).toEqual([{ name: 'alone', score: 1 }]);
  });

  it('refuses what it cannot use', async () => {
    const { model } = small;
    await expect(model.classify(picture, [])).rejects.toMatchObject({ code: 'RFCLIP-CLASSES' });
    await expect(model.classify('/no/such.png', 'cat')).rejects.toMatchObject({ code: 'RFCLIP-IMAGE' });
    await expect(model.classify(picture, 'cat', { top: 5 } as never)).rejects.toThrow(
      'classify has no option top, expected one of maxMegapixels, onProgress, signal, templates',
    );
  });
});

describe('a checkpoint without logit_scale', () => {
  const folder = useFolder();

  it('is told before anything is encoded; everything else works', async () => {
    const path = writeRandomCheckpoint(join(folder.path, 'unscaled.safetensors'), LIBRARY_CONFIG);
    using model = await Model.open({ checkpoint: path });
    const before = model.device.recorder.dispatches;
    await expect(model.classify(picture, 'cat, dog')).rejects.toMatchObject({
      name: 'CheckpointError',
      message: `checkpoint ${path} has no tensor logit_scale`,
    });
    expect(model.device.recorder.dispatches).toBe(before);
    expect((await model.encodeImage(picture)).shape).toEqual([1, 32]);
  });

  it('is none of the recorded ones, whatever wrote them', async () => {
    for (const file of ['small_openai_f16.safetensors', 'small_hf.safetensors', 'small_state_dict.pt']) {
      // Its vocabulary of 300 tokens has digits and no letters.
      using model = await Model.open({ checkpoint: join(REFERENCE, 'clip', file), cacheText: false });
      const [{ score }, other] = await model.classify(picture, ['1', '2'], { templates: ['{}'] });
      expect(score + other.score).toBeCloseTo(1, 12);
    }
  });
});

describe('weights that are no numbers', () => {
  it.each([
    ['visual.transformer.resblocks.1.mlp.c_fc.weight', NaN],
    ['visual.conv1.weight', Infinity],
    ['transformer.resblocks.0.attn.in_proj_weight', NaN],
    ['token_embedding.weight', -Infinity],
    ['logit_scale', NaN],
  ])('in %s are told in one sentence, in place of scores', async (name, value) => {
    const bytes = readFileSync(small.options.checkpoint);
    const headerBytes = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
    // The letter "a", where it is the table of tokens: the rows have 64 floats.
    const row = name === 'token_embedding.weight' ? 4 * 64 * 64 : 0;
    bytes.writeFloatLE(value, 8 + headerBytes + header[name].data_offsets[0] + row);
    const path = join(small.folder, 'broken.safetensors');
    writeFileSync(path, bytes);
    const { device } = small.model;
    const scores = async () => {
      using model = await Model.open({ checkpoint: path, device, cacheText: false });
      return await model.classify(picture, 'a, b');
    };
    await expect(scores()).rejects.toMatchObject({
      code: 'RFCLIP-CHECKPOINT',
      message: `checkpoint ${path}: tensor ${name} holds ${value}, expected finite numbers`,
    });
  });

  it('nor is a scale beyond them', async () => {
    const path = join(small.folder, 'scale.safetensors');
    writeRandomCheckpoint(path, LIBRARY_CONFIG, {}, { logit_scale: floats([], Float32Array.of(1e30)) });
    using model = await Model.open({ checkpoint: path, device: small.model.device });
    await expect(model.classify(picture, 'a')).rejects.toThrow(
      /: logit_scale is 1\.0\d+e\+30, whose exponential is too/,
    );
  });
});
