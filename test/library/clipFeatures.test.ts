import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferConfig } from '../../clip/config.ts';
import { clipPreprocess } from '../../clip/preprocess.ts';
import { readImage } from '../../clip/image/readImage.ts';
import { RecordedCheckpoints } from '../../conformance/index.ts';
import { Model } from '../../library/index.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { plainClip } from '../../rfclip/methods/index.ts';
import { Tokenizer } from '../../tokenizer/index.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate } from '../support/device.ts';
import { scarceMemory } from '../support/scarceMemory.ts';
import { openCase, parametersOf, recordedCases, recordings } from '../support/reference.ts';
import { floats, writeSafetensors } from '../support/safetensorsWriter.ts';
import { QUICK, randomPicture, useFolder, useSmallModel } from '../support/useSmallModel.ts';

/** Features of length 1: [rows, width]. */
function normalized({ data, shape }: { data: Float32Array; shape: readonly number[] }): number[] {
  return Array.from(data, (value, i) => {
    const row = data.subarray(Math.floor(i / shape[1]) * shape[1]).subarray(0, shape[1]);
    return value / Math.hypot(...row);
  });
}

describe('features of a recorded CLIP', () => {
  const folder = useFolder();
  const models = new Map<string, Model>();

  beforeAll(async () => {
    for (const name of ['tiny_a', 'tiny_b']) {
      const file = new RecordedCheckpoints(recordings).clip(name);
      const { vision } = inferConfig(file);
      expect(vision.patch * vision.grid).toBe(64);
      // Recordings hold checkpoints in part; this is the whole one that a user would have.
      const tensors = [...file.tensors.values()].map(({ name: key, shape }) => [key, floats(shape, file.read(key))]);
      const path = writeSafetensors(join(folder.path, `${name}.safetensors`), Object.fromEntries(tensors));
      models.set(name, await Model.open({ checkpoint: path }));
    }
  });
  afterAll(() => models.forEach((model) => model.close()));

  const pictures = recordedCases('clip/visual/').filter((name) => name.endsWith('/main'));
  it.each(pictures)('of the image of %s agree', async (name) => {
    const checks = openCase(name);
    const model = models.get(parametersOf(checks).checkpoint)!;
    const image = checks.input('image');
    expect(image.shape).toEqual([64, 64, 3]);
    const feature = await model.encodeImage({ width: 64, height: 64, data: Uint8Array.from(image.values) });
    expect(feature.shape).toEqual([1, 64]);
    checks.compare('cls_feature', feature.data);
    expect(checks.findings).toMatchObject([{ ok: true }]);
  });

  it('of the texts agree, each as it is', async () => {
    const checks = openCase('clip/text/tiny_a');
    const recorded = checks.output('text_features');
    // The last one is longer than the context, which the recording cut.
    const prompts = parametersOf(checks).prompts.slice(0, -1) as string[];
    const features = await models.get('tiny_a')!.encodeText(prompts);
    expect(features.shape).toEqual([prompts.length, 64]);
    const expected = recorded.values.subarray(0, 64 * prompts.length);
    const tolerance = checks.tolerance('text_features').value;
    expectClose({ actual: features.data, expected, tolerance, shape: features.shape });
    const one = await models.get('tiny_a')!.encodeText(prompts[1]);
    expectClose({ actual: one.data, expected: expected.subarray(64, 128), tolerance });
    await expect(models.get('tiny_a')!.encodeText(parametersOf(checks).prompts)).rejects.toMatchObject({
      code: 'RFCLIP-TOKENS-TOO-LONG',
    });
  });
});

const small = useSmallModel();
const picture = randomPicture(1, 80, 50);

describe('encodeImage', () => {
  it('is the image tower behind CLIP’s own preprocessing', async () => {
    const feature = await small.model.encodeImage(picture);
    const clip = ClipModel.open({ device: small.model.device, checkpoint: small.options.checkpoint });
    const pixels = clipPreprocess({ ...picture, data: picture.data }, 32);
    const expected = await evaluate(clip.device, () =>
      plainClip.encodeClass(clip.imageEncoder, clip.device.tensor(pixels, [1, 3, 32, 32])),
    );
    clip.close();
    expectEqual(feature.data, expected);
    expect(feature.shape).toEqual([1, 32]);
  });

  it('gives rows of length 1 where that is asked for', async () => {
    const feature = await small.model.encodeImage(picture);
    const unit = await small.model.encodeImage(picture, { normalize: true });
    // A quotient rounded once, as a length is once.
    expectClose({ actual: unit.data, expected: normalized(feature), tolerance: 2 ** -23 });
    expect(Math.hypot(...feature.data)).not.toBeCloseTo(1, 2);
  });

  it('refuses options that do not exist', async () => {
    await expect(small.model.encodeImage(picture, { normalise: true } as never)).rejects.toThrow(
      'encodeImage has no option normalise, expected one of maxMegapixels, normalize, signal',
    );
  });
});

describe('encodeText', () => {
  const texts = ['a photo of a cat.', '', 'A CAT &amp; a dog', 'cat, dog; puppy', '日本'];

  it('is the text tower of the tokens, in the order of the texts', async () => {
    const features = await small.model.encodeText(texts);
    const { device, config } = small.model;
    const ids = new Tokenizer(config.text.vocabulary).tokenize(texts);
    const clip = ClipModel.open({ device, checkpoint: small.options.checkpoint });
    const expected = await evaluate(device, () =>
      clip.textEncoder.encode(texts.map((_, row) => ids.subarray(77 * row, 77 * (row + 1)))),
    );
    clip.close();
    expectEqual(features.data, expected);
    expect(features.shape).toEqual([5, 32]);
  });

  it('takes any number of texts, in batches', async () => {
    expect(await small.model.encodeText([])).toEqual({ data: new Float32Array(0), shape: [0, 32] });
    const many = Array.from({ length: 130 }, (_, i) => `number ${i}`);
    const features = await small.model.encodeText(many);
    expect(features.shape).toEqual([130, 32]);
    for (const i of [0, 63, 64, 129]) {
      const one = await small.model.encodeText(many[i]);
      // In a batch of other lengths sums are the same, but kernels of other sizes may add in another order.
      expectClose({ actual: features.data.subarray(32 * i, 32 * (i + 1)), expected: one.data, tolerance: 1e-5 });
    }
  });

  it('takes fewer at once where memory runs out', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => `a photo of ${i} cats`);
    const { device } = small.model;
    const sizes: number[] = [];
    device.pool.trim(0);
    const seen = scarceMemory(device, (bytes) => sizes.push(bytes) === 0);
    const expected = await small.model.encodeText(texts);
    seen.end();
    device.pool.trim(0);
    const most = Math.max(...sizes);
    const scarce = scarceMemory(device, (bytes) => bytes > most / 4);
    const { data } = await small.model.encodeText(texts).finally(scarce.end);
    expect(scarce.refusals).toBeGreaterThanOrEqual(2);
    expectClose({ actual: data, expected: expected.data, tolerance: 1e-5 });
  });

  it('gives rows of length 1 where that is asked for, and leaves the list of the caller', async () => {
    const given = [...texts];
    const features = await small.model.encodeText(given);
    const unit = await small.model.encodeText(given, { normalize: true });
    expectClose({ actual: unit.data, expected: normalized(features), tolerance: 2 ** -23 });
    expect(given).toEqual(texts);
  });

  it('is not put into prompts: words of a class list have other features', async () => {
    const [plain, prompted] = await Promise.all([
      small.model.encodeText('cat'),
      small.model.encodeText('a photo of a cat.'),
    ]);
    expect(plain.data).not.toEqual(prompted.data);
  });

  const bad: [string, unknown, string][] = [
    ['a number', 5, 'text 1 is a number, expected a text or a list of texts'],
    ['nothing', undefined, 'text 1 is undefined, expected a text or a list of texts'],
    ['null', null, 'text 1 is null, expected a text or a list of texts'],
    ['a hole in a list', ['a', undefined, 'b'], 'text 2 is undefined, expected a text or a list of texts'],
    ['a list in a list', [['a']], 'text 1 is an Array, expected a text or a list of texts'],
    ['an object', { text: 'a' }, 'text 1 is an Object, expected a text or a list of texts'],
  ];
  it.each(bad)('refuses what is no text: %s', async (_, texts, sentence) => {
    await expect(small.model.encodeText(texts as string)).rejects.toMatchObject({
      name: 'TokenizerError',
      code: 'RFCLIP-TEXT',
      message: sentence,
    });
  });
});

describe('with the checkpoint that ships', () => {
  it('a drawing is nearer to its own words than to others', async () => {
    using model = await Model.open();
    const scene = join(import.meta.dirname, '../../examples/scenes/scene_0033.jpg');
    const scores = await model.classify(scene, ['tiles', 'moon', 'horse']);
    expect(scores[0].name).toBe('tiles');
    const { width, height, data } = await readImage(scene);
    expect(await model.classify({ width, height, data }, ['tiles', 'moon', 'horse'])).toEqual(scores);
    const segmenter = await model.segmenter('tiles, moon', QUICK);
    expect(segmenter.method).toBe('rfclip');
  });
});
