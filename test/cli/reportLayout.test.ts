import { describe, expect, test } from 'vitest';
import { noChromium, type OpenPage, useChromium } from '../support/chromium.ts';
import { results, useReportPages } from '../support/reportPages.ts';

const { pathOf } = useReportPages();

describe.skipIf(noChromium !== undefined)(
  `report.html in Chromium${noChromium === undefined ? '' : ` (skipped: ${noChromium})`}`,
  () => {
    const open = useChromium();
    const done = async ({ page }: OpenPage) => page.context().close();

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
