import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { explainImage } from '../../explain/explainImage.ts';
import type { Explanation } from '../../explain/explanation.ts';
import { formatExplainPage } from '../../explain/page.ts';
import { PANEL_TEXTS } from '../../explain/panelTexts.ts';
import { Model, type TracedRun } from '../../library/index.ts';
import { classPalette } from '../../pictures/palette.ts';
import { parseClassList } from '../../rfclip/classes.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { findMethod } from '../../rfclip/methods/index.ts';
import { SILENT } from '../../system/reporter.ts';
import { noChromium, useChromium } from '../support/chromium.ts';
import { readHouse, root } from '../support/house.ts';
import { writePlantedCheckpoint } from '../support/plantedModel.ts';
import { randomPicture, useFolder, WORDS } from '../support/useSmallModel.ts';

const NAME = '<b>bad & "name".png';
const RESIZE: [number, number] = [2048, 80];
const folder = useFolder();
const picture = randomPicture(7, 112, 80);
let explanation: Explanation;
let path = '';
let [paper, release]: TracedRun[] = [];

beforeAll(async () => {
  const checkpoint = writePlantedCheckpoint(folder.path);
  using model = await Model.open({ checkpoint });
  const clip = ClipModel.open({ device: model.device, checkpoint });
  explanation = await explainImage({
    model: clip,
    name: NAME,
    picture: { width: 112, height: 80, resized: picture, shown: undefined, notices: ['<i>a notice</i>'] },
    classes: parseClassList(WORDS),
    methods: [findMethod('clip'), findMethod('rfclip')],
    changes: { resize: RESIZE },
    points: [
      { x: 40, y: 17 },
      { x: 111, y: 79 },
    ],
    progress: SILENT.progress('', 0),
  });
  clip.close();
  const options = { resize: RESIZE, window: 0 };
  const own = await model.segmenter(WORDS, { ...options, method: 'rfclip-paper' });
  paper = await own.trace(picture, ['layer*/*', 'last/*', 'logits']);
  const other = await model.segmenter(WORDS, { ...options, method: 'rfclip' });
  release = await other.trace(picture, ['enhance0/cosine']);
  path = join(folder.path, 'explain.html');
  writeFileSync(path, formatExplainPage(explanation, picture));
});

/** float32 values of base64. */
function floats({ f32 }: { f32: string }): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(f32, 'base64')).buffer);
}

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, value), -Infinity);
const total = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);
/** The row of a patch in attention [1, H, T, T]. */
const row = (name: string, head: number, patch: number) => {
  const { data, shape } = paper.tensors[name];
  const T = shape[3];
  return data.subarray((head * T + patch + 1) * T, (head * T + patch + 2) * T);
};

describe('an explanation', () => {
  it('has the traced tensors, all bits of them', () => {
    expect(explanation.grid).toEqual({ width: 7, height: 5 });
    expect(explanation.points.map(({ patch }) => patch)).toEqual([9, 34]);
    explanation.layers.forEach((layer, index) => {
      const traced = (name: string) => Array.from(paper.tensors[`layer${index}/${name}`].data);
      expect(Array.from(floats(layer.phi))).toEqual(traced('phi'));
      expect(Array.from(floats(layer.isDistraction))).toEqual(traced('dis'));
      expect(Array.from(floats(layer.fiedler))).toEqual(traced('fiedler'));
      expect(Array.from(floats(layer.isDefocus))).toEqual(traced('defocus'));
    });
    const cosines = release.tensors['enhance0/cosine'].data;
    explanation.points.forEach((point) =>
      expect(Array.from(floats(point.cosines))).toEqual(
        Array.from(cosines.subarray(35 * point.patch, 35 * (point.patch + 1))),
      ),
    );
  });

  it('has distraction tokens here, from which attention is taken', () => {
    const [first] = explanation.layers;
    const isDistraction = floats(first.isDistraction);
    expect(total(isDistraction)).toBeGreaterThan(0);
    const [before, after] = [floats(first.drawnBefore), floats(first.drawnAfter)];
    before.forEach((value, head) => {
      let expected = 0;
      for (let i = 0; i < 35; i++)
        row('layer0/attn', head, i).forEach((weight, j) => (expected += j > 0 && isDistraction[j - 1] ? weight : 0));
      // 35 rows are added up in float32.
      expect(Math.abs(value - expected / 35)).toBeLessThan(40 * 2 ** -24);
      // β is 0.7: a product and two sums of 35 roundings.
      expect(Math.abs(after[head] - 0.3 * value)).toBeLessThan(80 * 2 ** -24);
    });
  });

  it('has the colours that overlays have, of which none is black', () => {
    const palette = classPalette(explanation.classes.length);
    expect(explanation.classes.flatMap(({ colour }) => colour)).toEqual([...palette]);
  });

  it('keeps attention to 8 bits of its square root', () => {
    const { maps } = explanation.points[1].keyKey;
    const bytes = Buffer.from(maps.u8, 'base64');
    const most = floats(maps.largest);
    const map = 1 * 3 + 2; // layer 1, head 1
    const exact = row('layer1/attn_kk', 1, 34).subarray(1);
    expect(most[map]).toBe(largest(exact));
    exact.forEach((value, i) => {
      const root = Math.sqrt(value / most[map]);
      // Half a step.
      expect(Math.abs(bytes[map * 35 + i] / 255 - root)).toBeLessThanOrEqual(0.5 / 255 + 1e-6);
    });
  });

  it('names functions and kernels that exist', () => {
    const sources = readHouse(['clip', 'rfclip', 'engine'], /\.ts$/);
    for (const { functions, kernels, lookFor } of PANEL_TEXTS) {
      for (const entry of functions) {
        const [name, file] = entry.split(' in ');
        expect(sources.get(file), entry).toMatch(new RegExp(`export (async )?(function|class|const) ${name}\\b`));
      }
      for (const kernel of kernels) expect(existsSync(join(root, `kernels/${kernel}.wgsl`)), kernel).toBe(true);
      expect(lookFor).toMatch(/^[^.!?]+(\d\.\d[^.!?]*)?\.$/);
    }
  });

  it('is a page of one file that holds no markup of others', () => {
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('<b>bad');
    expect(text).not.toContain('<i>a notice');
    expect(text.match(/https?:\/\/[^\s"']+/g)).toEqual(['http://www.w3.org/2000/svg']);
  });
});

describe.skipIf(noChromium !== undefined)(
  `explain.html in Chromium${noChromium === undefined ? '' : ` (skipped: ${noChromium})`}`,
  () => {
    const open = useChromium();
    /** Numbers of a table by its caption: row by row, `data` elements as numbers. */
    const numbersOf = (page: Page, panel: string, caption: string) =>
      page
        .locator(`#${panel} table`)
        .filter({ has: page.locator('caption', { hasText: caption }) })
        .locator('tbody tr')
        .evaluateAll((rows) =>
          rows.map((tr) => [...tr.querySelectorAll('td')].map((td) => Number(td.querySelector('data')?.value ?? NaN))),
        );
    const asFloat = (rows: number[][]) => rows.map((cells) => cells.map(Math.fround));

    it('loads nothing, complains of nothing, and fits', async () => {
      for (const [width, colorScheme] of [
        [1400, 'light'],
        [360, 'dark'],
      ] as const) {
        const opened = await open(path, { viewport: { width, height: 800 }, colorScheme });
        const { page } = opened;
        expect(await page.locator('main h2').allTextContents()).toEqual(PANEL_TEXTS.map(({ title }) => title));
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        expect(await page.locator('h1').textContent()).toBe(`${NAME}, seen from inside`);
        expect(await page.locator('#image .notice').allTextContents()).toEqual(['<i>a notice</i>']);
        expect(opened).toMatchObject({ complaints: [], dialogs: [], requests: [page.url()] });
        await page.context().close();
      }
    });

    it('shows the numbers of the traced tensors', async () => {
      const { page } = await open(path);
      const layers = [0, 1];
      const of = (layer: number, name: string) => paper.tensors[`layer${layer}/${name}`].data;
      const scores = asFloat(await numbersOf(page, 'distraction', 'Distraction tokens by layer'));
      expect(scores.map(([enter, leave, most]) => [enter, leave, most])).toEqual(
        layers.map((layer) => [total(of(layer, 'dis')), total(of(layer, 'dis_after')), largest(of(layer, 'phi'))]),
      );
      const cut = asFloat(await numbersOf(page, 'cut', 'The cut by layer'));
      expect(cut.map(([count, , most]) => [count, most])).toEqual(
        layers.map((layer) => [total(of(layer, 'defocus')), largest(of(layer, 'fiedler'))]),
      );
      const counts = layers.map((layer) => total(of(layer, 'dis')));
      const first = counts.indexOf(Math.max(...counts));
      expect(await page.getByLabel('Layer').first().inputValue()).toBe(String(first));
      for (const [point, patch] of [
        [1, 34],
        [0, 9],
      ]) {
        await page.locator('.points input').nth(point).check({ force: true });
        await page.getByLabel('Layer').first().selectOption('1');
        await page.getByLabel('Head').first().selectOption('2');
        const kinds = ['attn', 'attn_redistributed', 'attn_kk'].map((name) => row(`layer1/${name}`, 1, patch));
        const facts = asFloat(await numbersOf(page, 'attention', 'Attention of the patch'));
        expect(facts.slice(0, 3)).toEqual([
          kinds.map((values) => values[0]),
          kinds.map((values) => values[patch + 1]),
          kinds.map((values) => largest(values.subarray(1))),
        ]);
        const mean = asFloat(await numbersOf(page, 'layerMean', 'Attention of the patch, by head'));
        const third = Math.fround(row('last/attn_kk_sum', 0, patch)[0] * (1 / 3));
        expect(mean[1][0]).toBe(third);
      }
      await page.context().close();
    });

    it('says exact values where one points, and by the keyboard', async () => {
      const { page } = await open(path);
      const canvas = page.locator('#distraction canvas').first();
      await canvas.scrollIntoViewIfNeeded();
      const box = (await canvas.boundingBox())!;
      await page.mouse.move(box.x + (2.5 * box.width) / 7, box.y + (1.5 * box.height) / 5);
      const said = await page.locator('#distraction .readout').textContent();
      expect(said).toMatch(/^φ in layer 0: row 1, column 2 has /);
      expect(Math.fround(Number(said!.split('has ')[1]))).toBe(paper.tensors['layer0/phi'].data[9]);

      await page.locator('#cosines canvas').first().focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      const cosine = await page.locator('#cosines .readout').textContent();
      expect(cosine).toMatch(/^cosine: row 2, column 3 has /);
      expect(Math.fround(Number(cosine!.split('has ')[1]))).toBe(
        release.tensors['enhance0/cosine'].data[9 * 35 + 2 * 7 + 3],
      );
      await page.context().close();
    });

    it('can be used by the keyboard and printed', async () => {
      const { page } = await open(path);
      await page.locator('.points input').first().focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('.points input:checked').getAttribute('value')).toBe('1');
      expect(await page.evaluate(() => document.activeElement?.getAttribute('value'))).toBe('1');
      const unnamed = await page
        .locator('canvas[role="img"], svg[role="img"]')
        .evaluateAll((pictures) => pictures.filter((picture) => !picture.getAttribute('aria-label')).length);
      expect(unnamed).toBe(0);
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('nav').isVisible()).toBe(false);
      expect(await page.locator('#distraction canvas').first().isVisible()).toBe(true);
      await page.context().close();
    });

    it('says so where scripts are off', async () => {
      const { page } = await open(path, { javaScriptEnabled: false });
      expect(await page.locator('noscript').textContent()).toContain('drawn by its own script');
      await page.context().close();
    });
  },
);
