import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Model, type SegmentationResult, type Segmenter } from '../../library/index.ts';
import { encodeRgbPng } from '../../pictures/encodePng.ts';
import { expectEqual } from '../support/compare.ts';
import { buffersAtRest, expectBuffers, QUICK, randomPicture, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();
const pictures = [1, 2, 3, 4].map((seed) => randomPicture(seed, 50 + 3 * seed, 44 - seed));
let segmenter: Segmenter;
let alone: SegmentationResult[];

beforeAll(async () => {
  segmenter = await small.model.segmenter(WORDS, QUICK);
  alone = [];
  for (const picture of pictures) alone.push(await segmenter.segment(picture));
});

function expectSame(result: SegmentationResult, expected: SegmentationResult): void {
  expect(result.labels.shape).toEqual(expected.labels.shape);
  expectEqual(result.labels.data, expected.labels.data);
  expectEqual(result.confidence.data, expected.confidence.data);
}

describe('several calls at once', () => {
  it('are served in the order they came, with the results of calls one by one', async () => {
    const { model } = small;
    const feature = await model.encodeImage(pictures[0]);
    const text = await model.encodeText(['a cat', 'a dog']);
    const scores = await model.classify(pictures[1], WORDS);
    const served: string[] = [];
    const noting = <Value>(name: string, call: Promise<Value>) => call.finally(() => served.push(name));
    const slow = join(small.folder, 'slow.png');
    writeFileSync(slow, encodeRgbPng(pictures[2].data, pictures[2].width, pictures[2].height));
    const results = await Promise.all([
      noting('file', segmenter.segment(slow)),
      noting('pixels', segmenter.segment(pictures[3])),
      noting('image', model.encodeImage(pictures[0])),
      noting('segmenter', model.segmenter('tree, sea', QUICK)),
      noting('text', model.encodeText(['a cat', 'a dog'])),
      noting('classes', model.classify(pictures[1], WORDS)),
      noting('last', segmenter.segment(pictures[0])),
    ]);
    expect(served).toEqual(['file', 'pixels', 'image', 'segmenter', 'text', 'classes', 'last']);
    expectSame(results[0], alone[2]);
    expectSame(results[1], alone[3]);
    expectEqual(results[2].data, feature.data);
    expectEqual(results[4].data, text.data);
    expect(results[5]).toEqual(scores);
    expectSame(results[6], alone[0]);
    results[3].close();
  });

  it('are not disturbed by one that fails', async () => {
    const { model } = small;
    const before = await buffersAtRest(model);
    const results = await Promise.allSettled([
      segmenter.segment('/no/such/file.png'),
      segmenter.segment(pictures[0]),
      segmenter.segment({ width: 1, height: 1, data: new Uint8Array(4) }),
      model.encodeText('word '.repeat(100)),
      model.classify(pictures[0], 'word '.repeat(100)),
      model.segmenter(`${'very '.repeat(90)}cat`),
      segmenter.segment(pictures[1]),
    ]);
    const codes = results.map((result) =>
      result.status === 'rejected' ? (result.reason.code ?? result.reason) : 'ok',
    );
    expect(codes).toEqual([
      'RFCLIP-IMAGE',
      'ok',
      'ok',
      'RFCLIP-TOKENS-TOO-LONG',
      'RFCLIP-CLASSES',
      'RFCLIP-CLASSES',
      'ok',
    ]);
    for (const [at, expected] of [
      [1, alone[0]],
      [6, alone[1]],
    ] as const)
      expectSame((results[at] as PromiseFulfilledResult<SegmentationResult>).value, expected);
    await expectBuffers(model, before);
  });

  it('of two segmenters share the model', async () => {
    const other = await small.model.segmenter('grass, tree, sea', { ...QUICK, method: 'naclip' });
    const expected = await other.segment(pictures[1]);
    const [one, two, three] = await Promise.all([
      segmenter.segment(pictures[1]),
      other.segment(pictures[1]),
      segmenter.segment(pictures[2]),
    ]);
    expectSame(one, alone[1]);
    expectSame(two, expected);
    expectSame(three, alone[2]);
    other.close();
  });
});

describe('a segmenter that is closed', () => {
  it('still serves what was asked for before, gives its memory back, and throws later', async () => {
    const { model } = small;
    const before = await buffersAtRest(model);
    const path = join(small.folder, 'read-later.png');
    writeFileSync(path, encodeRgbPng(pictures[0].data, pictures[0].width, pictures[0].height));
    const other = await model.segmenter(WORDS, QUICK);
    const pending = [other.segment(path), other.segment(pictures[1])];
    other.close();
    other.close();
    const closed = { code: 'RFCLIP-CLOSED', message: 'the segmenter was closed' };
    await expect(other.segment(pictures[0])).rejects.toMatchObject(closed);
    await expect(other.segmentMany([]).next()).rejects.toMatchObject(closed);
    expectSame(await pending[0], alone[0]);
    expectSame(await pending[1], alone[1]);
    await expectBuffers(model, before);
  });

  it('ends a stream before the next image, whatever onError says', async () => {
    const { model } = small;
    const before = await buffersAtRest(model);
    const other = await model.segmenter(WORDS, QUICK);
    const errors: unknown[] = [];
    const run = async () => {
      for await (const result of other.segmentMany(pictures, { onError: (error) => errors.push(error) })) {
        expectSame(result, alone[0]);
        other.close();
      }
    };
    await expect(run()).rejects.toMatchObject({ code: 'RFCLIP-CLOSED', message: 'the segmenter was closed' });
    expect(errors).toEqual([]);
    await expectBuffers(model, before);
  });

  it('closes itself at the end of a block', async () => {
    const before = await buffersAtRest(small.model);
    let outside: Segmenter;
    {
      using inside = await small.model.segmenter(WORDS, QUICK);
      outside = inside;
      await inside.segment(pictures[0]);
    }
    await expect(outside.segment(pictures[0])).rejects.toMatchObject({ code: 'RFCLIP-CLOSED' });
    await expectBuffers(small.model, before);
  });

  it('may be closed before or after its model', async () => {
    for (const order of [
      ['segmenter', 'model'],
      ['model', 'segmenter'],
    ]) {
      const model = await Model.open(small.options);
      const other = await model.segmenter(WORDS, QUICK);
      for (const which of order) (which === 'model' ? model : other).close();
      await expect(other.segment(pictures[0])).rejects.toMatchObject({ message: 'the model was closed' });
    }
  });
});

describe('a segmenter', () => {
  it('says what it works with', () => {
    expect(segmenter.method).toBe('rfclip');
    expect(segmenter.classes).toEqual([
      { name: 'cat', words: ['cat'] },
      { name: 'dog', words: ['dog', 'puppy'] },
      { name: 'grass', words: ['grass'] },
    ]);
    expect(segmenter.settings).toMatchObject(QUICK);
  });

  it('works with the settings it was made with, whatever is done to those it tells', async () => {
    const other = await small.model.segmenter(WORDS, QUICK);
    Object.assign(other.settings, { window: 16, logitScale: 1 });
    other.settings.resize[0] = 1;
    expectSame(await other.segment(pictures[0]), alone[0]);
    other.close();
  });

  it('refuses options that do not exist', async () => {
    await expect(segmenter.segment(pictures[0], { probabilites: true } as never)).rejects.toThrow(
      'segment has no option probabilites, expected one of maxMegapixels, probabilities, signal',
    );
    await expect(segmenter.segmentMany([], { onerror: () => {} } as never).next()).rejects.toThrow(
      'segmentMany has no option onerror, expected one of maxMegapixels, onError, onProgress, probabilities, signal',
    );
  });

  it('refuses a picture that is smaller than a patch', async () => {
    const tiny = await small.model.segmenter(WORDS, { ...QUICK, window: 4, stride: 4 });
    await expect(tiny.segment(pictures[0])).rejects.toMatchObject({
      code: 'RFCLIP-IMAGE-SMALL',
      message: 'an image or window of 4x4 pixels is smaller than one patch of 16x16',
    });
    tiny.close();
  });
});
