import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { findChromium } from '../../scripts/setup/chromium.mjs';

const found = await findChromium();

/** Why there is no browser here; undefined where there is one. */
export const noChromium: string | undefined = 'problem' in found ? found.problem : undefined;

/** A page and everything about it that a page of ours should not have. */
export interface OpenPage {
  page: Page;
  /** What the browser and scripts complained about: errors, warnings, violations of the content security policy. */
  complaints: string[];
  /** Addresses that were asked for, without `data:` ones. */
  requests: string[];
  /** Texts of alert() and its like. */
  dialogs: string[];
}

/** A browser for the calling suite, which opens HTML files; skip the suite where there is `noChromium`. */
export function useChromium(): (path: string, options?: BrowserContextOptions) => Promise<OpenPage> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if ('path' in found) browser = await chromium.launch({ executablePath: found.path });
  });
  afterAll(() => browser?.close());
  return async (path, options) => {
    if (browser === undefined) throw new Error('the browser is launched in beforeAll; use it inside of a test');
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    const page = await context.newPage();
    const opened: OpenPage = { page, complaints: [], requests: [], dialogs: [] };
    page.on('console', (message) => opened.complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => opened.complaints.push(error.message));
    page.on('request', (request) => void (request.url().startsWith('data:') || opened.requests.push(request.url())));
    page.on('dialog', (dialog) => {
      opened.dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(path).href, { waitUntil: 'load' });
    return opened;
  };
}
