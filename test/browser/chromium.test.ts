import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { resizeBilinear } from '../../clip/image/resizeBilinear.ts';
import { Model } from '../../library/index.ts';
import { noChromium } from '../support/chromium.ts';
import { root } from '../support/house.ts';
import { bundle } from './bundle.ts';
import { type GpuPage, openGpuPage } from './pageServer.ts';

const CLASSES = readFileSync(join(root, 'examples/classes.txt'), 'utf8').trim().split('\n').slice(0, 12).join(', ');
const CHECKPOINT = '/clip/weights/microclip.safetensors';
/** SwiftShader shares the cores with everybody. */
const PATIENCE = 600_000;
/** Probabilities of two correct adapters differ by less. */
const MARGIN = 1e-4;

describe.skipIf(noChromium !== undefined)(`in Chromium${noChromium === undefined ? '' : ` (${noChromium})`}`, () => {
  let opened: GpuPage;
  let inNode: { labels: Uint16Array; isSure: Uint8Array };

  beforeAll(async () => {
    const scene = resizeBilinear(await readImage(join(root, 'examples/scenes/scene_0005.jpg')), 96, 72);
    using model = await Model.open();
    const segmenter = await model.segmenter(CLASSES, { resize: [224, 112], window: 0 });
    const { labels, probabilities } = await segmenter.segment(scene, { probabilities: true });
    inNode = { labels: labels.data, isSure: sureOf(probabilities!.data, segmenter.classes.length) };
    opened = await openGpuPage({
      '/index.html': '<!doctype html><title>rfclip</title><script type="module" src="/app/page.js"></script>',
      '/app/page.js': (await bundle(readFileSync(join(root, 'test/browser/page.ts'), 'utf8'))).code,
      '/worker.js': (await bundle("import 'rfclip/worker';")).code,
      '/scene.json': JSON.stringify({ ...scene, data: [...scene.data] }),
      [CHECKPOINT]: readFileSync(join(root, CHECKPOINT)),
    });
  }, PATIENCE);
  afterAll(() => opened?.close());

  const ask = (name: string, ...values: unknown[]): Promise<any> =>
    opened.page.evaluate(([test, given]) => (globalThis as any).tests[test](...given), [name, values] as const);

  const expectLabels = (labels: number[]) => {
    expect(labels.length).toBe(inNode.labels.length);
    const wrong = labels.filter((label, i) => inNode.isSure[i] === 1 && label !== inNode.labels[i]);
    expect(wrong).toEqual([]);
  };

  it(
    'the embedded checkpoint gives the labels of Node',
    async () => {
      const { labels, differing, events, refusals, report, png, adapter } = await ask('embedded', CLASSES);
      expectLabels(labels);
      expect(new Set(labels).size).toBeGreaterThan(1);
      expect(adapter).toMatch(/./);
      expect(report).toMatchObject({ image: 'the image', width: 96, height: 72, method: 'rfclip' });
      expect(png).toBeGreaterThan(1000);
      expect(events).toEqual(expect.arrayContaining(['download checkpoint', 'done image tower', 'ready checkpoint']));
      expect(differing).toEqual({ rgba: 0, canvas: 0, png: 0, bitmap: 0 });
      expect(refusals).toEqual({
        text: expect.stringMatching(/^RFCLIP-IMAGE: notes.txt cannot be decoded by this browser: /),
        path: expect.stringMatching(/^RFCLIP-IMAGE: the image is a string, expected a File, /),
        classes: expect.stringMatching(/^RFCLIP-CLASSES: /),
        folder: expect.stringMatching(/^RFCLIP-OUTPUT: a browser has no folder /),
      });
      expect(opened.requests).toContain(CHECKPOINT);
    },
    PATIENCE,
  );

  it(
    'a file of the user is read by slices, and gives the same',
    async () => {
      const { labels, size, opening, largest, checkpoint } = await ask('blob', CHECKPOINT, CLASSES);
      expectLabels(labels);
      expect(checkpoint).toBe('mine.bin');
      expect(opening).toBeLessThan(size);
      expect(largest).toBeLessThan(size / 2);
    },
    PATIENCE,
  );

  it('a file that is cut gives one sentence', async () => {
    expect(await ask('damaged', CHECKPOINT)).toMatch(/^checkpoint the checkpoint is not a usable safetensors file: /);
  });

  it(
    'a worker gives the same while the page goes on',
    async () => {
      const { labels, share, code, png } = await ask('worker', CLASSES);
      expectLabels(labels);
      expect(share).toBeGreaterThan(0.1);
      expect({ code, hasPicture: png > 1000 }).toEqual({ code: 'RFCLIP-IMAGE', hasPicture: true });
    },
    PATIENCE,
  );
});

/** 1 where the best class leads by more than the margin, [pixels]. */
function sureOf(probabilities: Float32Array, classes: number): Uint8Array {
  return Uint8Array.from({ length: probabilities.length / classes }, (_, pixel) => {
    const [best, next] = probabilities
      .subarray(pixel * classes, (pixel + 1) * classes)
      .toSorted()
      .reverse();
    return Number(best - next > MARGIN);
  });
}
