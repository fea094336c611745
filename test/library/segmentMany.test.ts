import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ImageInput,
  type ImageSource,
  type ProgressEvent,
  type SegmentationResult,
  type Segmenter,
  type SegmentManyOptions,
} from '../../library/index.ts';
import { encodeRgbPng } from '../../pictures/encodePng.ts';
import { expectEqual } from '../support/compare.ts';
import {
  buffersAtRest,
  expectBuffers,
  QUICK,
  randomPicture,
  untilAtWork,
  useSmallModel,
  WORDS,
} from '../support/useSmallModel.ts';

const small = useSmallModel();
const pictures = [1, 2, 3].map((seed) => randomPicture(seed));
let segmenter: Segmenter;
let alone: SegmentationResult[];
let before: number;

beforeAll(async () => {
  segmenter = await small.model.segmenter(WORDS, QUICK);
  alone = [];
  for (const picture of pictures) alone.push(await segmenter.segment(picture));
  before = await buffersAtRest(small.model);
});

async function collect(images: ImageSource, options?: SegmentManyOptions): Promise<SegmentationResult[]> {
  const results: SegmentationResult[] = [];
  for await (const result of segmenter.segmentMany(images, options)) results.push(result);
  return results;
}

function expectResults(results: readonly SegmentationResult[], expected: readonly SegmentationResult[]): void {
  expect(results).toHaveLength(expected.length);
  results.forEach((result, i) => expectEqual(result.labels.data, expected[i].labels.data));
}

async function* slowly(images: readonly ImageInput[]): AsyncGenerator<ImageInput> {
  for (const image of images) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    yield image;
  }
}

describe('a stream of results', () => {
  it('has them in order, whatever the images come from', async () => {
    expectResults(await collect(pictures), alone);
    expectResults(await collect(new Set(pictures)), alone);
    expectResults(await collect(slowly(pictures)), alone);
    expectResults(await collect([]), []);
    expectResults(await collect(slowly([])), []);
    expect((await collect([pictures[0], pictures[0]])).map(({ name }) => name)).toEqual(['image 1', 'image 2']);
  });

  it('gives probabilities where they are asked for', async () => {
    const [result] = await collect([pictures[0]], { probabilities: true });
    expect(result.probabilities?.shape).toEqual([45, 61, 3]);
  });

  it('asks for the next image and decodes it while one is in work', async () => {
    const { recorder } = small.model.device;
    const bytes = pictures.map(({ data, width, height }) => encodeRgbPng(data, width, height));
    const log: string[] = [];
    const source = {
      *[Symbol.iterator]() {
        for (const [i, image] of bytes.entries()) {
          log.push(`ask ${i + 1}`);
          yield image;
        }
      },
    };
    let dispatches = recorder.dispatches;
    const working: boolean[] = [];
    // The source is asked, and decodes at once, between what the device gets for one image and its labels.
    const watched = {
      [Symbol.iterator]() {
        const inner = source[Symbol.iterator]();
        return {
          next: () => {
            working.push(recorder.dispatches > dispatches);
            return inner.next();
          },
        };
      },
    };
    let count = 0;
    for await (const result of segmenter.segmentMany(watched)) {
      log.push(`result ${++count}`);
      dispatches = recorder.dispatches;
      expectEqual(result.labels.data, alone[count - 1].labels.data);
    }
    expect(log).toEqual(['ask 1', 'ask 2', 'result 1', 'ask 3', 'result 2', 'result 3']);
    expect(working).toEqual([false, true, true, true]);
  });

  it('lets other calls in between', async () => {
    const results: string[] = [];
    const run = async () => {
      for await (const { name } of segmenter.segmentMany(pictures)) results.push(name);
    };
    const streams = [run(), segmenter.segment(pictures[2]).then(({ name }) => results.push(name)), run()];
    await Promise.all(streams);
    expect(results.filter((name) => name === 'the image')).toHaveLength(1);
    for (const name of ['image 1', 'image 2', 'image 3']) expect(results.filter((one) => one === name)).toHaveLength(2);
    await expectBuffers(small.model, before);
  });
});

describe('an image that cannot be segmented', () => {
  const mixed = () => [pictures[0], '/no/such/file.png', 'https://example.org/a.png', pictures[1], null as never];

  it('is given to onError and left out, the others keep their names and order', async () => {
    const errors: [string, ImageInput][] = [];
    const onError = (error: unknown, image: ImageInput) => errors.push([(error as Error).message, image]);
    const results = await collect(mixed(), { onError });
    expectResults(results, [alone[0], alone[1]]);
    expect(results.map(({ name }) => name)).toEqual(['image 1', 'image 4']);
    expect(errors).toEqual([
      ['/no/such/file.png does not exist, expected a picture file', '/no/such/file.png'],
      [expect.stringContaining('which is not fetched'), 'https://example.org/a.png'],
      [expect.stringContaining('image 5 is null, expected a path'), null],
    ]);
    await expectBuffers(small.model, before);
  });

  it('ends the stream without onError, after the results before it', async () => {
    const results: SegmentationResult[] = [];
    const returned: boolean[] = [];
    const source = (function* () {
      try {
        yield* mixed();
      } finally {
        returned.push(true);
      }
    })();
    const run = async () => {
      for await (const result of segmenter.segmentMany(source)) results.push(result);
    };
    await expect(run()).rejects.toThrow('/no/such/file.png does not exist');
    expectResults(results, [alone[0]]);
    expect(returned).toEqual([true]);
    await expectBuffers(small.model, before);
  });

  it('ends the stream with what onError throws', async () => {
    const own = new Error('that is too much');
    const onError = () => {
      throw own;
    };
    await expect(collect(mixed(), { onError })).rejects.toBe(own);
  });
});

describe('a stream that is left early', () => {
  /** A source that notes how far it came and that it was left. */
  function noting() {
    const notes: string[] = [];
    const source = (async function* () {
      try {
        for (const [i, picture] of [...pictures, ...pictures].entries()) {
          notes.push(`image ${i + 1}`);
          yield picture;
        }
      } finally {
        notes.push('left');
      }
    })();
    return { notes, source };
  }

  it('by break ends its source and leaves nothing on the device', async () => {
    const { notes, source } = noting();
    for await (const result of segmenter.segmentMany(source)) {
      expectEqual(result.labels.data, alone[0].labels.data);
      break;
    }
    expect(notes).toEqual(['image 1', 'image 2', 'left']);
    await expectBuffers(small.model, before);
  });

  it('by an error of the loop, or thrown into the stream, passes it on and does not ask onError', async () => {
    const own = new Error('in the loop');
    const errors: unknown[] = [];
    const { notes, source } = noting();
    const run = async () => {
      for await (const _ of segmenter.segmentMany(source, { onError: (error) => errors.push(error) })) throw own;
    };
    await expect(run()).rejects.toBe(own);
    const stream = segmenter.segmentMany(pictures, { onError: (error) => errors.push(error) });
    await stream.next();
    await expect(stream.throw(own)).rejects.toBe(own);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(errors).toEqual([]);
    expect(notes.at(-1)).toBe('left');
    await expectBuffers(small.model, before);
  });

  it('by a signal throws its reason, whenever that comes', async () => {
    const reason = new Error('enough');
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    for (const when of ['before', 'in the loop', 'in work', 'at the end']) {
      const controller = new AbortController();
      const abort = () => controller.abort(reason);
      const { notes, source } = noting();
      if (when === 'before') abort();
      let count = 0;
      const run = async () => {
        for await (const _ of segmenter.segmentMany(when === 'at the end' ? pictures : source, {
          signal: controller.signal,
          onError,
        })) {
          count++;
          if (when === 'in the loop' || count === 3) abort();
          else if (when === 'in work') void untilAtWork(small.model.device).then(abort);
        }
      };
      await expect(run(), when).rejects.toBe(reason);
      expect(count, when).toBe(when === 'before' ? 0 : when === 'at the end' ? 3 : 1);
      if (when !== 'before' && when !== 'at the end') expect(notes.at(-1), when).toBe('left');
    }
    expect(errors).toEqual([]);
    await expectBuffers(small.model, before);
    expectResults(await collect(pictures), alone);
  });

  it('by an error of the source has the results before it', async () => {
    const own = new Error('the camera is gone');
    const source = (async function* () {
      yield pictures[0];
      throw own;
    })();
    const results: SegmentationResult[] = [];
    const errors: unknown[] = [];
    const run = async () => {
      for await (const result of segmenter.segmentMany(source, { onError: (error) => errors.push(error) }))
        results.push(result);
    };
    await expect(run()).rejects.toBe(own);
    expectResults(results, [alone[0]]);
    expect(errors).toEqual([]);
  });
});

describe('progress of a stream', () => {
  async function events(images: ImageSource, options: SegmentManyOptions = {}): Promise<ProgressEvent[]> {
    const all: ProgressEvent[] = [];
    await collect(images, { ...options, onProgress: (event) => all.push(event) });
    return all;
  }

  it('comes after every image, of so many where the source tells', async () => {
    const file = 'images';
    const name = small.options.checkpoint!;
    const path = join(small.folder, 'broken.png');
    writeFileSync(path, 'no picture');
    const expected = [
      { status: 'initiate', name, file },
      { status: 'progress', name, file, loaded: 1, total: 4, progress: 25 },
      { status: 'progress', name, file, loaded: 2, total: 4, progress: 50 },
      { status: 'progress', name, file, loaded: 3, total: 4, progress: 75 },
      { status: 'progress', name, file, loaded: 4, total: 4, progress: 100 },
      { status: 'done', name, file },
    ];
    const images = [pictures[0], path, pictures[1], pictures[2]];
    expect(await events(images, { onError: () => {} })).toEqual(expected);
    expect(await events(new Set(images), { onError: () => {} })).toEqual(expected);
    expect(await events(slowly([pictures[0]]))).toEqual([
      { status: 'initiate', name, file },
      { status: 'progress', name, file, loaded: 1 },
      { status: 'done', name, file },
    ]);
    expect((await events([])).map(({ status }) => status)).toEqual(['initiate', 'done']);
  });

  it('ends the stream with what it throws', async () => {
    const own = new Error('no more');
    const onProgress = ({ loaded }: ProgressEvent) => {
      if (loaded === 1) throw own;
    };
    await expect(collect(pictures, { onProgress, onError: () => {} })).rejects.toBe(own);
    await expectBuffers(small.model, before);
  });
});
