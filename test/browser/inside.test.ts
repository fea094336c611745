import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConformanceSummary } from '../../conformance/index.ts';
import { readImage } from '../../clip/image/readImage.ts';
import { resizeBilinear } from '../../clip/image/resizeBilinear.ts';
import { explainSegmenter } from '../../explain/explainSegmenter.ts';
import type { Explanation } from '../../explain/explanation.ts';
import { type KernelTimes, Model, type TracedRun } from '../../library/index.ts';
import { packRecordings } from '../../scripts/packRecordings.mjs';
import { noChromium } from '../support/chromium.ts';
import { root } from '../support/house.ts';
import { bundle } from './bundle.ts';
import { type GpuPage, openGpuPage } from './pageServer.ts';

const WEIGHTS = ['/clip/weights/microclip.safetensors', '/clip/weights/planted.safetensors'];
/** A worker whose GPU devices the page can destroy. */
const WORKER = `
  import 'rfclip/worker/explain';
  import 'rfclip/worker/conformance';
  const request = GPUAdapter.prototype.requestDevice;
  const devices = [];
  GPUAdapter.prototype.requestDevice = async function (...given) {
    devices.push(await request.apply(this, given));
    return devices.at(-1);
  };
  self.addEventListener('message', ({ data }) => {
    if (data.call !== 'lose') return;
    for (const device of devices) device.destroy();
  });
`;
const CLASSES = 'moon, grass';
const SETTINGS = { method: 'rfclip-paper' as const, resize: [224, 112] as [number, number], window: 0 };
const POINTS = [
  { x: 20, y: 10 },
  { x: 95, y: 71 },
];
const DINO = 'test/fixtures/reference/methods/tiny_dino.safetensors';
const METHODS = ['clip'];
const NAMES = ['layer*/phi', 'layer*/dis', 'layer3/attn', 'logits'];
/** Values of two correct adapters, here of at most about 1, differ by less. */
const MARGIN = 1e-5;
/** SwiftShader shares the cores with everybody. */
const PATIENCE = 600_000;

describe.skipIf(noChromium !== undefined)(`in Chromium${noChromium === undefined ? '' : ` (${noChromium})`}`, () => {
  let opened: GpuPage;
  let inNode: { traced: TracedRun; explanation: Explanation; photo: Uint8Array; cass: Float32Array };
  let asked: object;

  beforeAll(async () => {
    const picture = resizeBilinear(await readImage(join(root, 'examples/scenes/scene_0025.jpg')), 96, 72);
    using model = await Model.open({ checkpoint: 'planted' });
    const segmenter = await model.segmenter(CLASSES, SETTINGS);
    const { explanation, photo } = await explainSegmenter(segmenter, picture, { points: POINTS, methods: METHODS });
    const traced = await segmenter.trace(picture, NAMES);
    using other = await Model.open({ dino: join(root, DINO) });
    const withDino = await other.segmenter(CLASSES, { ...SETTINGS, method: 'cass' });
    const cass = (await withDino.segment(picture, { probabilities: true })).probabilities!.data;
    inNode = { traced, explanation, photo: photo.data, cass };
    asked = {
      picture: { ...picture, data: [...picture.data] },
      classes: CLASSES,
      settings: SETTINGS,
      points: POINTS,
      methods: METHODS,
      names: NAMES,
    };
    opened = await openGpuPage({
      '/index.html': '<!doctype html><title>rfclip</title><script type="module" src="/page.js"></script>',
      '/page.js': (await bundle(readFileSync(join(root, 'test/browser/insidePage.ts'), 'utf8'))).code,
      '/worker.js': (await bundle(WORKER)).code,
      '/recordings.zip': packRecordings(),
      '/tiny_dino.safetensors': readFileSync(join(root, DINO)),
      ...Object.fromEntries(WEIGHTS.map((path) => [path, readFileSync(join(root, path))])),
    });
  }, PATIENCE);
  afterAll(() => opened?.close());

  const ask = (name: string, ...values: unknown[]): Promise<any> =>
    opened.page.evaluate(([test, given]) => (globalThis as any).tests[test](...given), [name, values] as const);

  it(
    'a worker traces and explains the planted checkpoint as Node does, and times kernels',
    async () => {
      const { tensors, grid, times, steps, explanation, shown, outside, name, checkpoint } = await ask('look', asked);
      expect(checkpoint).toMatch(/\/clip\/weights\/planted\.safetensors$/);
      expect(grid).toEqual(inNode.traced.grid);
      const expected = inNode.traced.tensors;
      expect(tensors.map(([key]: [string]) => key)).toEqual(Object.keys(expected));
      for (const [key, { data, shape }] of tensors) {
        expect(shape, key).toEqual(expected[key].shape);
        expect(largestDifference(data, expected[key].data), key).toBeLessThan(key.endsWith('/dis') ? 1e-9 : MARGIN);
      }
      expect(steps).toHaveLength(METHODS.length + 3);
      expect(steps.at(-1)).toBe('4/4 before and after: label maps');
      expect(shown).toEqual([...inNode.photo]);
      expectSameExplanation(explanation, inNode.explanation);
      const { kernels, problem, untimed } = times as KernelTimes;
      const milliseconds = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
      expect([kernels.length > 5, milliseconds > 0, untimed]).toEqual([
        problem === undefined,
        problem === undefined,
        0,
      ]);
      expect({ outside, name }).toMatchObject({
        outside: {
          code: 'RFCLIP-USAGE',
          message: expect.stringMatching(/^the point 0,72 lies outside of the image, /),
        },
        name: { code: 'RFCLIP-TRACE', message: expect.stringMatching(/has no tensor layer0\/none/) },
      });
    },
    PATIENCE,
  );

  it(
    'the method that takes a second checkpoint gives the probabilities of Node',
    async () => {
      const probabilities = await ask('cass', asked);
      expect(largestDifference(probabilities, inNode.cass)).toBeLessThan(MARGIN);
    },
    PATIENCE,
  );

  it(
    'all recorded cases pass on the GPU of the page',
    async () => {
      const { summary, seen, stopped, text, seconds } = await ask('conformance');
      console.log(`conformance in Chromium: ${seconds.toFixed(1)} s`);
      const { results, ...counts } = summary as ConformanceSummary;
      const of = (verdict: string) => results.filter((result) => result.verdict === verdict).map(({ name }) => name);
      expect(of('FAIL')).toEqual([]);
      expect(of('skip')).toEqual(['image/decode/jpeg_cmyk.jpg']);
      expect(counts).toEqual({ passed: results.length - 1, failed: 0, skipped: 1 });
      expect(results.length).toBe(199);
      expect(seen.at(-1)).toBe(`${results.length}/${results.length} engine/no-live-buffers`);
      expect(seen.length).toBe(results.length);
      expect({ stopped, text }).toMatchObject({
        stopped: 'enough',
        text: {
          code: 'RFCLIP-CONFORMANCE',
          message: expect.stringMatching(/^the recordings are no usable zip archive: /),
        },
      });
    },
    PATIENCE,
  );

  it(
    'a lost device is one sentence for every call, and the worker opens another',
    async () => {
      const { inFlight, lost, later, labels } = await ask('lose', asked);
      const sentence = expect.stringMatching(/^\S.* failed: the device was lost \(destroyed\): [^\n]*$/);
      const expected = { code: 'RFCLIP-DEVICE-LOST', message: sentence, fix: 'open the model again' };
      expect(inFlight).toEqual([expected, expected, expected]);
      expect(lost).toEqual(expected);
      expect(later).toEqual(expected);
      expect(new Set(labels).size).toBe(2);
    },
    PATIENCE,
  );
});

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(expected, (value, i) => Math.abs(value - actual[i])).reduce((most, one) => Math.max(most, one), 0);
}

/** Holds two explanations against each other: numbers within the margin, words exactly. */
function expectSameExplanation(actual: Explanation, expected: Explanation): void {
  const words = ({ image, grid, classes, dimensions, values, panels, notices }: Explanation) => ({
    image,
    grid,
    classes,
    dimensions,
    values,
    panels,
    notices,
  });
  expect(words(actual)).toEqual(words(expected));
  const [ours, theirs] = [numbersOf(actual), numbersOf(expected)];
  expect([...ours.keys()]).toEqual([...theirs.keys()]);
  for (const [place, numbers] of theirs) {
    const margin = place.endsWith('u8') ? 1 : MARGIN;
    expect(largestDifference(ours.get(place)!, numbers), place).toBeLessThanOrEqual(margin);
  }
}

/** All packed numbers of an explanation by their place in it: floats as they are, maps as their bytes. */
function numbersOf(value: unknown, place = ''): Map<string, ArrayLike<number>> {
  const found = new Map<string, ArrayLike<number>>();
  for (const [key, part] of Object.entries(value ?? {})) {
    const bytes = () => Uint8Array.from(Buffer.from(part as string, 'base64'));
    if (key === 'f32') found.set(`${place}/f32`, new Float32Array(bytes().buffer));
    else if (key === 'u8') found.set(`${place}/u8`, bytes());
    else if (typeof part === 'object') for (const one of numbersOf(part, `${place}/${key}`)) found.set(...one);
  }
  return found;
}
