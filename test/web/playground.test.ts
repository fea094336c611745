import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Model } from '../../library/index.ts';
import { noChromium } from '../support/chromium.ts';
import { root } from '../support/house.ts';
import { expectAccessible } from './accessible.ts';
import { openPlayground, type Playground } from './playground.ts';

/** SwiftShader shares the cores with everybody. */
const PATIENCE = 300_000;
/** Probabilities of two correct adapters differ by less. */
const MARGIN = 1e-4;
/** Small, because the GPU is a CPU. */
const SETTINGS = 'side=96&window=0&method=maskclip';
const CLASSES = ['cat', 'dog; puppy', 'bottle'];
const HASH = `#classes=${CLASSES.join(',').replaceAll(' ', '')}&${SETTINGS}`;
/** Both are PNGs, which decoders agree on. */
const EXAMPLES = { chelsea: 'A cat', coffee: 'A cup of coffee on a table' };
type ExampleName = keyof typeof EXAMPLES;

describe.skipIf(noChromium !== undefined)(`the playground${noChromium === undefined ? '' : ` (${noChromium})`}`, () => {
  let opened: Playground;
  let page: Page;
  const nodeLabels = new Map<string, { labels: Uint16Array; isSure: (pixel: number) => boolean }>();

  beforeAll(async () => {
    using model = await Model.open();
    const segmenter = await model.segmenter(CLASSES.join(','), { method: 'maskclip', resize: [2048, 96], window: 0 });
    for (const name of Object.keys(EXAMPLES)) {
      const path = join(root, `examples/photos/${name}.png`);
      const { labels, probabilities } = await segmenter.segment(path, { probabilities: true });
      nodeLabels.set(name, { labels: labels.data, isSure: sureness(probabilities!.data, CLASSES.length) });
    }
    opened = await openPlayground(HASH);
    ({ page } = opened);
    // Shorter than that of a test, so that a failure names its step.
    page.setDefaultTimeout(PATIENCE / 3);
  }, PATIENCE);
  afterAll(() => opened?.close());

  const status = () => page.locator('.run [role=status]');
  const done = () =>
    status()
      .filter({ hasText: /^Done in / })
      .waitFor();
  const choose = (name: ExampleName) => page.getByRole('button', { name: EXAMPLES[name], exact: true }).click();
  const example = async (name: ExampleName) => {
    await choose(name);
    await page.getByRole('application', { name: `The segmented image ${name}.png` }).waitFor();
    await done();
  };
  const saved = async (name: string) => {
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: `Download ${name}`, exact: true }).click();
    const download = await waiting;
    return { name: download.suggestedFilename(), bytes: readFileSync((await download.path())!) };
  };
  const sentence = async (): Promise<string> => {
    const text = await page.locator('.problem p').innerText();
    await page.getByRole('button', { name: 'Close this message' }).click();
    return text;
  };

  it('is accessible before anything is chosen', () => expectAccessible(opened), PATIENCE);

  it.each(['chelsea', 'coffee'] as const)(
    'gives the labels of Node for the example %s',
    async (name) => {
      await example(name);
      const { bytes, name: file } = await saved('Label map');
      expect(file).toBe(`${name}.label.png`);
      const { data } = decode(bytes);
      const { labels, isSure } = nodeLabels.get(name)!;
      expect(data.length).toBe(labels.length);
      const wrong = Array.from(labels, (label, i) => Number(isSure(i) && label !== data[i]));
      expect(wrong.reduce((sum, one) => sum + one, 0)).toBe(0);
      const report = JSON.parse((await saved('JSON')).bytes.toString()) as { image: string; method: string };
      expect(report).toMatchObject({ image: `${name}.png`, method: 'maskclip', width: expect.any(Number) });
    },
    PATIENCE,
  );

  it('saves the overlay with a legend below it', async () => {
    const { bytes, name } = await saved('Overlay');
    const { width, height } = decode(bytes);
    expect(name).toBe('coffee.overlay.png');
    expect({ width, isTaller: height > 400 }).toEqual({ width: 600, isTaller: true });
  });

  it('is accessible with a result', () => expectAccessible(opened), PATIENCE);

  it('keeps choices in the address, and no trace of the picture of a user', async () => {
    const hash = () => page.evaluate(() => decodeURIComponent(location.hash));
    expect(await hash()).toContain('classes=cat,dog;puppy,bottle&example=coffee&method=maskclip');
    await page.setInputFiles('input[accept="image/*"]', join(root, 'examples/scenes/scene_0021.jpg'));
    await page.getByRole('application', { name: 'The segmented image scene_0021.jpg' }).waitFor();
    expect(await hash()).toContain('classes=cat,dog;puppy,bottle&method=maskclip');
  });

  it('says class and probability where it is pointed at, by mouse and by arrow keys', async () => {
    const picture = page.getByRole('application');
    await picture.hover();
    const tip = page.locator('.tip');
    expect(await tip.innerText()).toMatch(/^(cat|dog|bottle)\s+\d+ %$/);
    await page.mouse.move(0, 0);
    expect(await tip.count()).toBe(0);
    await picture.focus();
    for (const key of ['ArrowUp', 'ArrowLeft']) await page.keyboard.press(key);
    expect(await page.locator('p[aria-live]').first().innerText()).toMatch(/^(cat|dog|bottle), \d+ % sure$/);
  });

  it(
    'opens the panels of explain for the patch, and is accessible with them',
    async () => {
      await page.keyboard.press('Enter');
      const panels = page.locator('.explanation-host section.panel');
      await panels.first().waitFor();
      expect(await panels.count()).toBe(9);
      expect(await page.locator('.explanation-host .points').innerText()).toMatch(/\d+,\d+/);
      await page.getByRole('link', { name: 'The defocus cut' }).click();
      expect(await page.evaluate(() => location.hash)).toContain('classes=');
      await expectAccessible(opened);
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      expect(await panels.count()).toBe(0);
    },
    PATIENCE,
  );

  it(
    'adds classes by Enter and comma, removes them by click and Backspace, and keeps their order',
    async () => {
      const chips = () => page.locator('.chip-text').allInnerTexts();
      const input = page.getByLabel('Add a class');
      await input.fill('sky,');
      await input.fill('night  sky; dusk');
      await input.press('Enter');
      expect(await chips()).toEqual([...CLASSES, 'sky', 'night sky; dusk'].map((chip) => chip.replace('  ', ' ')));
      await page.getByRole('button', { name: 'Remove sky' }).click();
      await input.press('Backspace');
      expect(await chips()).toEqual(CLASSES);
    },
    PATIENCE,
  );

  it(
    'tells mistakes in one sentence each, and stays usable',
    async () => {
      const pictures = page.locator('input[accept="image/*"]');
      const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') };
      await pictures.setInputFiles(text);
      await page.locator('.problem').waitFor();
      await expectAccessible(opened);
      expect(await sentence()).toBe('notes.txt is no image that this browser can decode.');

      await page.getByRole('button', { name: 'Remove all' }).click();
      await page.getByRole('button', { name: /^Segment/ }).click();
      expect(await sentence()).toMatch(/^There are no classes yet: /);
      await page.getByLabel('Add a class').fill(`${CLASSES.join(',')},`);
      await done();

      const checkpoint = readFileSync(join(root, 'clip/weights/microclip.safetensors')).subarray(0, 100_000);
      const damaged = { name: 'mine.safetensors', mimeType: 'application/octet-stream', buffer: checkpoint };
      await page.setInputFiles('input[accept*=safetensors]', damaged);
      await page.locator('.problem').waitFor();
      expect(await sentence()).toMatch(/^Checkpoint mine.safetensors is not a usable safetensors file: [^.]*/);
      await page.locator('.device.ready').waitFor();
      await done();

      for (const [end, said] of [
        [opened.loseDevice, /lost/],
        [opened.breakWorker, /^The worker failed: .*it broke\. Press Segment to start the GPU again\.$/],
      ] as const) {
        await end();
        await page.locator('.problem').waitFor();
        expect(await sentence()).toMatch(said);
        await page.getByRole('button', { name: /^Segment/ }).click();
        await done();
      }
    },
    PATIENCE,
  );

  it(
    'names what is dropped that is no image, and takes one image of many',
    async () => {
      const { drop } = opened;
      const heic = '\0\0\0\x18ftypheic\0\0\0\0mif1heic';
      const said: string[] = [];
      for (const [name, text] of Object.entries({ 'a.heic': heic, 'a.pdf': '%PDF-1.7', 'a.png': '' })) {
        await drop([{ name, bytes: Buffer.from(text, 'latin1') }]);
        await page.locator('.problem').waitFor();
        said.push((await sentence()).replace(/^a\.\w+ is no image that this browser can decode: it is /, ''));
      }
      expect(said).toEqual([
        expect.stringMatching(/^a HEIC picture\. Convert it/),
        'a PDF document.',
        'empty (0 bytes).',
      ]);
      const bytes = readFileSync(join(root, 'test/fixtures/pictures/turned.webp'));
      await drop(['one.webp', 'two.webp'].map((name) => ({ name, bytes })));
      await page.getByText('This is one.webp; one more was dropped with it').waitFor();
      // Chromium leaves it as it is stored.
      await done().then(() => status().filter({ hasText: '14 × 21 pixels' }).waitFor());
    },
    PATIENCE,
  );

  it(
    'shows the newest of many questions, and needs no more memory for twenty images than for five',
    async () => {
      const names = ['chelsea', 'coffee'] as const;
      const session = await opened.context.newCDPSession(page);
      const heap = async () => {
        await session.send('HeapProfiler.collectGarbage');
        return ((await session.send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize;
      };
      const peak = async () => (JSON.parse((await saved('JSON')).bytes.toString()) as any).peakBufferBytes as number;
      for (let i = 0; i < 5; i++) await example(names[i % 2]);
      const early = { heap: await heap(), peak: await peak() };
      for (let i = 5; i < 20; i++) await example(names[i % 2]);
      expect(await heap()).toBeLessThan(early.heap + 2e6);
      expect(await peak()).toBe(early.peak);

      for (const name of [names[0], names[1]]) await choose(name);
      await example('chelsea');
      expect(JSON.parse((await saved('JSON')).bytes.toString())).toMatchObject({ image: 'chelsea.png' });
    },
    PATIENCE,
  );

  it(
    'times kernels, and stops when it is told to',
    async () => {
      await page.getByText('Time per kernel').click();
      await page.getByLabel('Time every kernel').check();
      const table = page.locator('.card table');
      await table.waitFor();
      expect(await table.locator('tbody th').allInnerTexts()).toEqual(
        expect.arrayContaining([expect.stringMatching(/^matmul_/), expect.stringMatching(/^softmax/)]),
      );
      await page.getByLabel('Time every kernel').uncheck();
      await page.getByRole('button', { name: 'Stop' }).click();
      await status().filter({ hasText: 'Ready.' }).waitFor();
      await page.getByRole('button', { name: 'Segment again' }).click();
      await done();
      await page.getByText('Time per kernel').click();
    },
    PATIENCE,
  );

  it(
    'works without a network once it was loaded',
    async () => {
      await page.evaluate(async () => {
        const { active } = await navigator.serviceWorker.ready;
        if (active?.state !== 'activated')
          await new Promise((resolve) => active?.addEventListener('statechange', resolve, { once: true }));
      });
      await opened.context.setOffline(true);
      await page.reload();
      await done();
      await opened.context.setOffline(false);
    },
    PATIENCE,
  );

  it('asked nobody but its own server, and nobody complained', () => {
    expect(opened.requests.filter((url) => !url.startsWith(opened.address) && !url.startsWith('blob:'))).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  it('says so where there is no WebGPU, and what to do', async () => {
    const other = await opened.newPage();
    await other.addInitScript(() => void delete (Navigator.prototype as any).gpu);
    await other.goto(opened.address);
    const note = other.getByRole('alert', { name: 'No WebGPU' });
    await note.waitFor();
    expect(await note.innerText()).toMatch(
      /^This browser has no WebGPU\.[^]*Chrome[^]*Safari[^]*Firefox[^]*#enable-unsafe-webgpu/,
    );
    expect(await other.getByRole('button', { name: 'Segment', exact: true }).isDisabled()).toBe(true);
    await expectAccessible(opened, other);
    await other.close();
  });
});

/** 1 where the best class leads by more than the margin, by pixel. */
function sureness(probabilities: Float32Array, classes: number): (pixel: number) => boolean {
  return (pixel) => {
    const [best, next] = probabilities
      .subarray(pixel * classes, (pixel + 1) * classes)
      .toSorted()
      .reverse();
    return best - next > MARGIN;
  };
}
