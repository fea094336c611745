import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeResultFiles } from '../../evaluation/results/resultFiles.ts';
import { encodeJpeg } from '../../pictures/encodeJpeg.ts';
import { findBenchmark } from '../../datasets/benchmarks/index.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { asPercent } from '../../datasets/metrics.ts';
import { noChromium, type OpenPage, useChromium } from '../support/chromium.ts';
import { HOSTILE_NAMES, reportResult, shownName } from '../support/reportFixture.ts';
import { runCli } from '../support/runCli.ts';

const PICTURE = encodeJpeg({ width: 800, height: 200, data: new Uint8Array(800 * 200 * 3).fill(90) }, 70);
const extremes = {
  worst: [
    { id: 'bad "<b>"', mIoU: 0.0123, thumbnail: 'thumbnails/bad.jpg' },
    { id: 'lost', mIoU: 0.2, thumbnail: 'thumbnails/lost.jpg' },
  ],
  best: [
    { id: 'good', mIoU: 0.9, thumbnail: 'thumbnails/good.jpg' },
    { id: 'blank', mIoU: 0.8, thumbnail: null },
  ],
};
const results: Record<string, EvaluationResult> = {
  hostile: reportResult(HOSTILE_NAMES, {
    title: '<i>Title</i> & co',
    extremes,
    failures: [{ id: '<img src=x>', problem: '/data/<script>alert(3)</script>.jpg is none' }],
    shards: { count: 2, indices: [2] },
  }),
  two: reportResult(['background', 'tumour'], { extremes }),
  many: reportResult(
    findBenchmark('cocostuff')!.classes.map(([name]) => name),
    { extremes },
  ),
};
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-report-'));
  for (const [name, result] of Object.entries(results)) {
    mkdirSync(join(folder, name, 'thumbnails'), { recursive: true });
    for (const picture of ['bad', 'good']) writeFileSync(join(folder, name, 'thumbnails', `${picture}.jpg`), PICTURE);
    await writeResultFiles(join(folder, name), result);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const pathOf = (name: string) => join(folder, name, 'report.html');

describe('the files of a result', () => {
  test('have the whole confusion and a page; result.json comes last', () => {
    const rows = readFileSync(join(folder, 'two/confusion.csv'), 'utf8').trimEnd().split('\r\n');
    expect(rows.map((row) => row.split(',').length)).toEqual([4, 4, 4, 4]);
    expect(rows[0]).toBe('label \\ prediction,background,tumour,(no class)');
    const written = (name: string) => statSync(join(folder, 'two', name)).mtimeMs;
    for (const name of ['result.csv', 'confusion.csv', 'result.md', 'report.html'])
      expect(written(name)).toBeLessThanOrEqual(written('result.json'));
  });

  test('come out of merge too, with the pictures of the parts', async () => {
    const out = join(folder, 'merged');
    expect(await runCli(['merge', join(folder, 'two'), '--out', out])).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'confusion.csv'))).toEqual(readFileSync(join(folder, 'two/confusion.csv')));
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(Buffer.from(PICTURE).toString('base64'));
  });
});

describe.skipIf(noChromium !== undefined)(
  `report.html in Chromium${noChromium === undefined ? '' : ` (skipped: ${noChromium})`}`,
  () => {
    const open = useChromium();
    const done = async ({ page }: OpenPage) => page.context().close();
    /** The texts of a table's rows, cell by cell, without the bars. */
    const rowsOf = (page: Page, table: string) =>
      page
        .locator(`${table} tbody tr`)
        .evaluateAll((rows) =>
          rows.map((row) => [...row.querySelectorAll('td:not(.bars), th')].map((cell) => cell.textContent)),
        );

    test.each(Object.keys(results))(
      '%s: asks for nothing, complains of nothing, runs nothing of others, shows its pictures',
      async (name) => {
        const opened = await open(pathOf(name));
        const { page } = opened;
        expect(
          await page
            .locator('img')
            .evaluateAll((images: HTMLImageElement[]) =>
              images.map((image) => [image.alt, image.naturalWidth, image.naturalHeight]),
            ),
        ).toEqual([
          ['Image, ground truth, prediction and errors of bad "<b>"', 800, 200],
          ['Image, ground truth, prediction and errors of good', 800, 200],
        ]);
        expect(
          await page.locator('.map image').evaluate(async (image: SVGImageElement) => {
            const picture = new Image();
            picture.src = image.href.baseVal;
            await picture.decode();
            return picture.naturalWidth;
          }),
        ).toBe(results[name].classes.length);
        expect(await page.locator('script').count()).toBe(2);
        expect(opened).toMatchObject({ complaints: [], dialogs: [] });
        expect(opened.requests).toEqual([page.url()]);
        await done(opened);
      },
    );

    test('its policy stops scripts, styles and requests that are not its own', async () => {
      const opened = await open(pathOf('two'));
      const stopped = await opened.page.evaluate(async () => {
        const directives: string[] = [];
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
          directives.push(effectiveDirective),
        );
        const add = (tag: string, fields: object) =>
          document.body.append(Object.assign(document.createElement(tag), fields));
        add('script', { textContent: 'window.foreign = true' });
        add('style', { textContent: 'body { color: red }' });
        add('img', { src: 'http://127.0.0.1:9/x.png' });
        await fetch('http://127.0.0.1:9/').catch(() => undefined);
        for (let k = 0; k < 100 && directives.length < 4; k++) await new Promise((resolve) => setTimeout(resolve, 20));
        return { directives: directives.sort(), foreign: 'foreign' in window };
      });
      expect(stopped).toEqual({
        directives: ['connect-src', 'img-src', 'script-src-elem', 'style-src-elem'],
        foreign: false,
      });
      await done(opened);
    });

    test('has the numbers of the result, and hostile names as text, with and without its script', async () => {
      const result = results.hostile;
      for (const javaScriptEnabled of [true, false]) {
        const opened = await open(pathOf('hostile'), { javaScriptEnabled });
        const { page } = opened;
        expect(await page.locator('h1').textContent()).toBe('<i>Title</i> & co');
        expect(await page.locator('.figures dd').allTextContents()).toEqual([
          `${asPercent(result.metrics.mIoU)} %`,
          `${asPercent(result.metrics.mAcc)} %`,
          `${asPercent(result.metrics.aAcc)} %`,
          '7 of 7',
        ]);
        expect(await page.locator('h2').allTextContents()).toEqual([
          'Most frequent confusions',
          'Classes',
          'Confusion matrix',
          'Worst images',
          'Best images',
          'Images that were not evaluated',
          'Run',
        ]);
        expect(await page.locator('.warnings li').allTextContents()).toEqual([
          'Shard 2 of 2 only: these are numbers of a part of the data set.',
          '1 image of 7 was not evaluated and is not in these numbers: why.',
        ]);
        const all = result.classes.reduce((total, { labelled }) => total + labelled, 0);
        const share = (pixels: number, of: number) => (pixels === 0 ? '0 %' : `${((100 * pixels) / of).toFixed(1)} %`);
        expect(await rowsOf(page, '.classes')).toEqual(
          result.classes.map(({ name, iou, accuracy, labelled }, k) => [
            String(k),
            shownName(name),
            asPercent(iou),
            asPercent(accuracy),
            share(labelled, all),
          ]),
        );
        const confusions = await rowsOf(page, '.confusions');
        expect(confusions).toHaveLength(20);
        expect(await rowsOf(page, '.failures')).toEqual([
          ['<img src=x>', '/data/<script>alert(3)</script>.jpg is none'],
        ]);
        expect(await page.locator('.gallery figcaption, .gallery p').allTextContents()).toEqual([
          'bad "<b>" 1.23 %',
          'lost 20.00 %',
          'good 90.00 %',
          'blank 80.00 %',
        ]);
        expect(await page.locator('th button').count()).toBe(javaScriptEnabled ? 5 : 0);
        await done(opened);
      }
    });

    test('every bar is as long as its number says', async () => {
      const opened = await open(pathOf('two'));
      const lengths = await opened.page
        .locator('.classes tbody .bar')
        .evaluateAll((bars) =>
          bars.map((bar) =>
            [...bar.children].map(
              (part) => (100 * part.getBoundingClientRect().width) / bar.getBoundingClientRect().width,
            ),
          ),
        );
      results.two.classes.forEach(({ accuracy, iou }, k) => {
        expect(lengths[k][0]).toBeCloseTo(100 * accuracy!, 0);
        expect(lengths[k][1]).toBeCloseTo(100 * iou!, 0);
      });
      await done(opened);
    });

    test('sorts by value and by name, classes without a value last', async () => {
      const opened = await open(pathOf('hostile'));
      const { page } = opened;
      const click = (title: string) => page.locator('.classes th button', { hasText: title }).click();
      const column = async (k: number) => (await rowsOf(page, '.classes')).map((row) => row[k]!);
      const numbers = results.hostile.classes
        .map(({ accuracy }) => asPercent(accuracy))
        .filter((text) => text !== '-')
        .sort((a, b) => Number(b) - Number(a));
      const missing = Array<string>(HOSTILE_NAMES.length - numbers.length).fill('-');
      expect(missing.length).toBeGreaterThan(0);
      await click('Acc');
      expect(await column(3)).toEqual([...numbers, ...missing]);
      expect(
        await page
          .locator('.classes th[aria-sort]')
          .evaluateAll((heads) => heads.map((head) => [head.textContent, head.getAttribute('aria-sort')])),
      ).toEqual([['Acc', 'descending']]);
      await click('Acc');
      expect(await column(3)).toEqual([...numbers.toReversed(), ...missing]);
      await click('Class');
      expect(await column(1)).toEqual(
        await page.evaluate((names) => names.sort((a, b) => a.localeCompare(b)), HOSTILE_NAMES.map(shownName)),
      );
      await click('#');
      expect(await column(0)).toEqual(HOSTILE_NAMES.map((_, k) => String(k)));
      await done(opened);
    });

    test.each(['two', 'many'])(
      '%s: a cell of the matrix says what it is, under the pointer, a finger and the keyboard',
      async (name) => {
        const opened = await open(pathOf(name), { viewport: { width: 700, height: 900 }, hasTouch: true });
        const { page } = opened;
        const { classes, confusion } = results[name];
        const size = classes.length;
        const counts = new Map(
          confusion.cells.flatMap((cell, i) => (i % 2 === 0 ? [[cell, confusion.cells[i + 1]]] : [])) as [
            number,
            number,
          ][],
        );
        const sentence = (row: number, column: number) => {
          const count = counts.get(row * (size + 1) + column) ?? 0;
          const [label, prediction] = [classes[row], classes[column]];
          return label.labelled === 0
            ? `label ${label.name}: no labelled pixels`
            : `label ${label.name} predicted as ${prediction.name}: ` +
                `${count === 0 ? '0' : ((100 * count) / label.labelled).toFixed(1)}\u00a0% ` +
                `(${count.toLocaleString('en-GB')} ${count === 1 ? 'pixel' : 'pixels'})`;
        };
        const tip = page.locator('.tip');
        await page.locator('.map').scrollIntoViewIfNeeded();
        const placeOf = async (row: number, column: number) => {
          const box = (await page.locator('.map image').boundingBox())!;
          return [box.x + ((column + 0.5) * box.width) / size, box.y + ((row + 0.5) * box.height) / size] as const;
        };
        for (const [row, column] of name === 'two'
          ? [
              [0, 1],
              [1, 1],
            ]
          : [
              [0, 0],
              [3, 4],
              [6, 4],
              [60, 61],
              [61, 0],
              [100, 103],
            ]) {
          const [x, y] = await placeOf(row, column);
          await page.mouse.move(x, y);
          expect(await tip.textContent()).toBe(sentence(row, column));
          const [box, frame] = [(await tip.boundingBox())!, (await page.locator('figure.confusion').boundingBox())!];
          expect(box.x).toBeGreaterThanOrEqual(frame.x - 0.5);
          expect(box.x + box.width).toBeLessThanOrEqual(frame.x + frame.width + 0.5);
          expect(box.y > y || box.y + box.height < y, 'the tip leaves its cell visible').toBe(true);
        }
        await page.mouse.move(1, 1);
        expect(await tip.isVisible()).toBe(false);
        await page.touchscreen.tap(...(await placeOf(1, 0)));
        expect(await tip.textContent()).toBe(sentence(1, 0));
        await page.locator('.map').focus();
        await page.keyboard.press('ArrowRight');
        expect(await tip.textContent()).toBe(sentence(1, 1));
        for (let k = 0; k < size; k++) await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowUp');
        expect(await tip.textContent()).toBe(sentence(0, size - 1));
        const [band, frame] = [
          (await page.locator('.cross .band').last().boundingBox())!,
          (await page.locator('.map').boundingBox())!,
        ];
        expect(band.x + band.width).toBeLessThanOrEqual(frame.x + frame.width + 1);
        await page.keyboard.press('Escape');
        expect(await tip.isVisible()).toBe(false);
        await done(opened);
      },
    );

    test.each(Object.keys(results))(
      '%s: nothing sticks out of a screen 360 pixels wide, nor of paper',
      async (name) => {
        const opened = await open(pathOf(name), { viewport: { width: 360, height: 740 } });
        const { page } = opened;
        const width = () => page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]);
        expect(await width()).toEqual([360, 360]);
        await page.setViewportSize({ width: 720, height: 1000 });
        await page.emulateMedia({ media: 'print' });
        expect(await width()).toEqual([720, 720]);
        expect((await page.locator('.map svg').boundingBox())!.width).toBeLessThanOrEqual(720);
        await done(opened);
      },
    );

    test.each(['light', 'dark'] as const)(
      '%s: every text has a contrast of 4.5, large figures of 3',
      async (colorScheme) => {
        const opened = await open(pathOf('hostile'), { colorScheme });
        const { texts, page } = await opened.page.evaluate(() => {
          const channels = (colour: string) => colour.match(/[\d.]+/g)!.map(Number);
          const luminance = (colour: number[]) => {
            const [red, green, blue] = colour.map((level) =>
              level <= 10 ? level / 3294.6 : ((level / 255 + 0.055) / 1.055) ** 2.4,
            );
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
          };
          const background = (element: Element | null): number[] => {
            for (; element !== null; element = element.parentElement) {
              const colour = channels(getComputedStyle(element).backgroundColor);
              if (colour.length === 3) return colour;
            }
            throw new Error('the page has no background');
          };
          const owners = [...document.body.querySelectorAll('*')].filter(
            (element) =>
              !element.closest('script, .digits') &&
              [...element.childNodes].some(
                (node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== '',
              ),
          );
          const texts = owners.map((element) => {
            const style = getComputedStyle(element);
            const [a, b] = [
              luminance(channels(element instanceof SVGElement ? style.fill : style.color)),
              luminance(background(element)),
            ];
            return {
              text: element.textContent,
              contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
              large: parseFloat(style.fontSize) >= 24,
            };
          });
          return { texts, page: luminance(background(document.body)) };
        });
        expect(page > 0.5).toBe(colorScheme === 'light');
        expect(texts.length).toBeGreaterThan(100);
        expect(texts.filter(({ contrast, large }) => contrast < (large ? 3 : 4.5))).toEqual([]);
        await done(opened);
      },
    );

    test('headings go down step by step; tables have captions, pictures texts, links targets', async () => {
      const opened = await open(pathOf('hostile'));
      const { page } = opened;
      const levels = await page
        .locator('h1, h2, h3, h4')
        .evaluateAll((headings) => headings.map((heading) => Number(heading.tagName[1])));
      expect(levels.filter((level) => level === 1)).toHaveLength(1);
      levels.forEach((level, k) => expect(level - (levels[k - 1] ?? 0)).toBeLessThanOrEqual(1));
      expect(
        await page
          .locator(
            'table:not(:has(> caption)), img:not([alt]), svg:not([aria-hidden]):not([aria-label]), th:not([scope])',
          )
          .count(),
      ).toBe(0);
      expect(
        await page
          .locator('a')
          .evaluateAll((links: HTMLAnchorElement[]) =>
            links.filter(({ hash }) => document.getElementById(hash.slice(1)) === null),
          ),
      ).toEqual([]);
      const ids = await page.locator('[id]').evaluateAll((elements) => elements.map(({ id }) => id));
      expect(new Set(ids).size).toBe(ids.length);
      await done(opened);
    });
  },
);
