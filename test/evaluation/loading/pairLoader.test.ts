import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGrey16Png, encodeGreyPng, encodeRgbPng } from '../../../pictures/encodePng.ts';
import { ImageError } from '../../../clip/image/imageError.ts';
import { DatasetError } from '../../../datasets/datasetError.ts';
import { isOutOfMemory } from '../../../evaluation/loading/decodeMemory.ts';
import { evaluateImages, type EvaluationJob } from '../../../evaluation/run/evaluateImages.ts';
import { openPairLoader, type ThreadedPairLoader } from '../../../evaluation/loading/pairLoaderPool.ts';
import { prefetch } from '../../../system/prefetch.ts';
import { preparePair, type PreparedPair } from '../../../evaluation/loading/preparePair.ts';
import { listVocFolder } from '../../../datasets/vocFolder.ts';
import { SAMPLE_FOLDER } from '../../../datasets/sampleFolder.ts';
import type { ImagePair } from '../../../datasets/pairs.ts';
import { RfclipError } from '../../../engine/errors.ts';
import { buildPng } from '../../clip/image/pngBuilder.ts';
import { randomIntegers } from '../../support/random.ts';
import { noiseJpeg, noiseLabels, writeUnder } from '../../datasets/miniatures.ts';

const SETTINGS = { resize: [2048, 112], reduceZeroLabel: false } as const;
const HEIGHT = 18;
const WIDTH = 24;

let folder: string;
let loader: ThreadedPairLoader;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-loader-'));
  loader = openPairLoader({ threads: 2 });
});
afterAll(async () => {
  await loader.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A pair on disk; sound unless other files are given. */
function pairOf(
  id: string,
  { image = noiseJpeg(1), label = noiseLabels(2, 5) }: { image?: Uint8Array; label?: Uint8Array } = {},
): ImagePair {
  return { id, image: writeUnder(folder, `${id}.jpg`, image), label: writeUnder(folder, `${id}.png`, label) };
}

describe('threads give what preparePair gives', () => {
  const grey = Uint8Array.from(randomIntegers(3, WIDTH * HEIGHT, 200));
  const tinyLabel = { width: 1, height: 1, depth: 1, colourType: 0, interlaced: true, sample: () => 1 };
  const cases: [string, () => ImagePair][] = [
    ...listVocFolder(SAMPLE_FOLDER)
      .pairs.slice(0, 2)
      .map((pair): [string, () => ImagePair] => [pair.id, () => pair]),
    ['noise', () => pairOf('noise')],
    [
      'a PNG picture with grey labels',
      () =>
        pairOf('png', {
          image: encodeRgbPng(Uint8Array.from(randomIntegers(4, WIDTH * HEIGHT * 3, 256)), WIDTH, HEIGHT),
          label: encodeGreyPng(grey, WIDTH, HEIGHT),
        }),
    ],
    ['16-bit labels', () => pairOf('deep', { label: encodeGrey16Png(grey, WIDTH, HEIGHT) })],
    [
      'a single pixel, interlaced labels of one bit',
      () => pairOf('pixel', { image: noiseJpeg(5, 1, 1), label: buildPng(tinyLabel) }),
    ],
  ];

  it.each(cases)('%s', async (_, makePair) => {
    const pair = makePair();
    for (const reduceZeroLabel of [false, true]) {
      const settings = { ...SETTINGS, reduceZeroLabel };
      const [here, there] = [await preparePair(pair, settings), await loader.load(pair, settings)];
      const described = ({ input, truth, ...sizes }: PreparedPair) => [
        sizes,
        [input, truth].map(({ data, width, height }) => ({
          width,
          height,
          length: data.length,
          kind: data.constructor,
        })),
      ];
      expect(described(there)).toEqual(described(here));
      expect(Buffer.compare(new Uint8Array(there.input.data.buffer), new Uint8Array(here.input.data.buffer))).toBe(0);
      expect(Buffer.compare(there.truth.data, here.truth.data)).toBe(0);
    }
  });

  it('in order, whatever goes wrong in between, and not too far ahead', async () => {
    const sound = (k: number) => ({
      image: noiseJpeg(k, 16 + 40 * (k % 3), 16),
      label: noiseLabels(k, 5, 16 + 40 * (k % 3), 16),
    });
    const pairs = Array.from({ length: 12 }, (_, k) =>
      pairOf(`ordered${k}`, k % 5 === 2 ? { image: Uint8Array.of(255, 216, 255, k) } : sound(k)),
    );
    const seen: unknown[] = [];
    let begun = 0;
    for await (const { item, loaded } of prefetch(
      pairs,
      loader.ahead,
      (pair) => (begun++, loader.load(pair, SETTINGS)),
    )) {
      expect(begun).toBe(Math.min(seen.length + 1 + loader.ahead, pairs.length));
      seen.push('value' in loaded ? [item.id, loaded.value.width] : [item.id, (loaded.error as ImageError).where]);
    }
    expect(seen).toEqual(pairs.map(({ id, image }, k) => [id, k % 5 === 2 ? image : 16 + 40 * (k % 3)]));
  });
});

describe('errors arrive as preparePair throws them', () => {
  const large = () =>
    encodeGrey16Png(
      Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i === 30 ? 256 : 1)),
      WIDTH,
      HEIGHT,
    );
  it.each([
    ['no such picture', ImageError, () => ({ ...pairOf('gone'), image: join(folder, 'gone/away.jpg') })],
    ['a damaged picture', ImageError, () => pairOf('damaged', { image: noiseJpeg(1).fill(0, 20) })],
    [
      'a truncated picture, with a way out',
      ImageError,
      () => pairOf('truncated', { image: noiseJpeg(1, 64, 64).subarray(0, 1500) }),
    ],
    [
      'a picture as label map',
      ImageError,
      () => pairOf('coloured', { label: encodeRgbPng(new Uint8Array(WIDTH * HEIGHT * 3), WIDTH, HEIGHT) }),
    ],
    [
      'a label map of another size',
      DatasetError,
      () => pairOf('size', { label: noiseLabels(1, 5, WIDTH, HEIGHT - 1) }),
    ],
    ['a label above 255', DatasetError, () => pairOf('large', { label: large() })],
  ])('%s', async (name, kind, makePair) => {
    const pair = makePair();
    const [here, there] = await Promise.all(
      [preparePair(pair, SETTINGS), loader.load(pair, SETTINGS)].map((promise) =>
        promise.then(
          () => undefined,
          (error: RfclipError) => error,
        ),
      ),
    );
    expect(there).toBeInstanceOf(kind);
    const fields = ({ name: called, message, code, where, fix }: RfclipError) => ({
      called,
      message,
      code,
      where,
      fix,
    });
    expect(fields(there!)).toEqual(fields(here!));
    expect(there!.fix !== undefined).toBe(name.includes('way out'));
  });

  it('one of a buffer that is too large names the picture', async () => {
    const pair = pairOf('buffer');
    for (const load of [preparePair, loader.load]) {
      const error = await load(pair, { ...SETTINGS, resize: [2 ** 45, 2 ** 45] }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RfclipError);
      expect(error).toMatchObject({
        code: 'RFCLIP-DECODE-MEMORY',
        where: pair.image,
        message: expect.stringContaining(`${pair.image} or its label map needs more memory`),
      });
    }
    const reasonOf = (allocate: () => unknown) => {
      try {
        return allocate();
      } catch (error) {
        return error;
      }
    };
    expect(
      [() => new ArrayBuffer(2 ** 53 - 1), () => new Float32Array(2 ** 50), () => 'x'.repeat(-1)].map((allocate) =>
        isOutOfMemory(reasonOf(allocate)),
      ),
    ).toEqual([true, true, false]);
  });

  it('one that nobody foresaw stays one', async () => {
    const error = await loader
      .load(pairOf('unforeseen'), { ...SETTINGS, resize: null as never })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(RfclipError);
  });
});

it('an evaluation reports the image that was too much for a thread, and goes on with the others', async () => {
  const greedy = `const hold = []; for (;;) hold.push(new Array(1000).fill(hold.length));`;
  const prepared =
    '{ input: { data: new Float32Array(3), width: 1, height: 1 }, width: 1, height: 1, truth: { width: 1, height: ' +
    '1, data: new Uint8Array(1) }, notices: [] }';
  const source = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ pair }) => { if (pair.id === 'bad') { ${greedy} }
      parentPort.postMessage({ value: ${prepared} }); });`;
  const threads = openPairLoader({
    threads: 1,
    file: pathToFileURL(writeUnder(folder, 'greedy.mjs', source)),
    resourceLimits: { maxOldGenerationSizeMb: 24 },
  });
  const pairs = ['a', 'bad', 'c', 'd'].map((id) => ({ id, image: `${id}.jpg`, label: `${id}.png` }));
  const log: string[] = [];
  const segmenter = {
    classes: { classes: [{ name: 'sky' }] },
    segment: async () => ({ labels: Uint8Array.of(0) }),
  } as unknown as EvaluationJob['segmenter'];
  const callbacks = {
    onDone: ({ id }: { id: string }) => void log.push(id),
    onFailure: ({ problem }: { problem: string }) => void log.push(problem),
  };
  expect(
    await evaluateImages({
      segmenter,
      pairs,
      settings: SETTINGS,
      load: threads.load,
      ahead: threads.ahead,
      ...callbacks,
    }),
  ).toBe(true);
  expect(log).toEqual([
    'a',
    'bad.jpg or its label map needs more memory than there is to decode and resize it',
    'c',
    'd',
  ]);
  await threads.close();
});

it('closed in the middle of an evaluation, it leaves no rejection behind', async () => {
  const threads = openPairLoader({ threads: 2 });
  const pairs = Array.from({ length: 8 }, (_, k) => pairOf(`left${k}`));
  for await (const { loaded } of prefetch(pairs, threads.ahead, (pair) => threads.load(pair, SETTINGS))) {
    expect('value' in loaded).toBe(true);
    break;
  }
  await threads.close();
  await expect(threads.load(pairs[0], SETTINGS)).rejects.toThrow('the threads were ended');
});

it('a thread loads the decoders and nothing of the engine, the device or the command line', () => {
  const packages = new Set<string>();
  const visited = new Set<string>();
  const visit = (file: string): void => {
    if (visited.has(file)) return;
    visited.add(file);
    for (const [, name] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)(?! type\b)[^;]*? from '([^']+)';/gm,
    )) {
      if (name.startsWith('.')) visit(fileURLToPath(new URL(name, pathToFileURL(file))));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  visit(fileURLToPath(new URL('../../../evaluation/loading/pairLoaderWorker.ts', import.meta.url)));
  expect([...packages].sort()).toEqual(['jpeg-js']);
  expect(
    [...visited]
      .filter((file) => /\/(engine|rfclip|cli)\//.test(file))
      .map((file) => file.replace(/.*\/(?=engine|rfclip|cli)/, ''))
      .sort(),
  ).toEqual(['engine/errors.ts', 'rfclip/prepareImage.ts']);
});
