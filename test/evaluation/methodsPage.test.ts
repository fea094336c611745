import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { emptyConfusion } from '../../datasets/confusion.ts';
import { evaluationSettings } from '../../datasets/publishedSettings.ts';
import { formatMethodsHtml } from '../../evaluation/htmlReport/methodsPage.ts';
import { methodsFiles, writeMethodsFiles } from '../../evaluation/results/methodsFiles.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { findMethod, type MethodName } from '../../rfclip/methods/index.ts';
import { noChromium, useChromium } from '../support/chromium.ts';
import { HOSTILE_NAMES, reportResult } from '../support/reportFixture.ts';

/** Two classes, of which `right` of ten pixels of the first are right. */
function resultOf(method: MethodName, right: number, names: readonly string[] = ['cat', 'dog']): EvaluationResult {
  const confusion = emptyConfusion(names.length);
  confusion.counts[0] = right;
  confusion.counts[1] = 10 - right;
  const result = reportResult(names, { confusion, title: 'two <b>' });
  const { configuration } = result.evaluation;
  const changed = { ...configuration, method, settings: evaluationSettings(findMethod(method)) };
  return { ...result, evaluation: { ...result.evaluation, configuration: changed } };
}

const rowsOf = (page: string, id: string) => {
  const section = page.slice(page.indexOf(`<section id="${id}"`));
  return [...section.slice(0, section.indexOf('</section>')).matchAll(/<tr>(.*)<\/tr>/g)].map(([, row]) =>
    [...row.matchAll(/<(th|td)[^>]*>(.*?)<\/\1>/g)].map(([, , cell]) =>
      cell.replace(/<\/?(bdi|a|svg|rect)[^>]*>/g, ''),
    ),
  );
};

describe('the page of methods', () => {
  const page = formatMethodsHtml([resultOf('rfclip', 4), resultOf('naclip', 7)]);

  it('has the means of every method, the best in bold, and leads to their reports', () => {
    expect(rowsOf(page, 'methods').slice(1)).toEqual([
      ['rfclip', '', '20.00', '40.00', '40.00', '7', '0.11'],
      ['naclip', '', '<b>35.00</b>', '70.00', '70.00', '7', '0.11'],
    ]);
    expect(page).toContain('href="naclip/report.html"');
  });

  it('has the IoU of every class and method, and the settings that differ', () => {
    expect(rowsOf(page, 'classes')).toEqual([
      ['Class', 'rfclip', 'naclip'],
      ['cat', '40.00', '<b>70.00</b>'],
      ['dog', '0.00', '0.00'],
    ]);
    expect(rowsOf(page, 'settings').map(([setting]) => setting)).toContain('globalWeight');
    expect(formatMethodsHtml([resultOf('clip', 1), resultOf('maskclip', 1)])).not.toContain('id="settings"');
  });

  it('holds names as text', () => {
    expect(page).toContain('two &#60;b&#62;');
    expect(formatMethodsHtml([resultOf('clip', 1, HOSTILE_NAMES)])).not.toMatch(/<script|<img/);
  });
});

describe.skipIf(noChromium !== undefined)(
  `methods.html in Chromium${noChromium === undefined ? '' : ` (skipped: ${noChromium})`}`,
  () => {
    const open = useChromium();
    const folder = mkdtempSync(join(tmpdir(), 'rfclip-methods-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test('asks for nothing, complains of nothing, and fits a phone', async () => {
      const names = Array.from({ length: 40 }, (_, k) => `class number ${k}`);
      const methods = ['rfclip', 'rfclip-refocus', 'rfclip-paper', 'naclip', 'sclip', 'maskclip', 'clip'] as const;
      await writeMethodsFiles(
        folder,
        methods.map((method, k) => resultOf(method, k, names)),
      );
      for (const width of [1200, 390]) {
        const opened = await open(methodsFiles(folder)[1], { viewport: { width, height: 900 } });
        const { page, complaints, requests } = opened;
        expect([complaints, requests.length]).toEqual([[], 1]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-${width}.png` });
        await page.context().close();
      }
    });
  },
);
