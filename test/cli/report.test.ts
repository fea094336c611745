import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { asPercent } from '../../datasets/metrics.ts';
import { noChromium, type OpenPage, useChromium } from '../support/chromium.ts';
import { HOSTILE_NAMES, shownName } from '../support/reportFixture.ts';
import { PICTURE, results, useReportPages } from '../support/reportPages.ts';
import { runCli } from '../support/runCli.ts';

const { folder, pathOf } = useReportPages();

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
  },
);
