import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { Model } from '../../library/index.ts';
import { encodePalettePng } from '../../pictures/encodePng.ts';
import { ROOT } from '../docs/pages.ts';
import type { DrawnPicture, ExplainRun, PanelPicture, TourPicture } from './picture.ts';
import { fewColours } from './fewColours.ts';

const WIDTH = 760;
/** Sharp on GitHub, whose column is some 830 pixels wide. */
const SCALE = 1.5;
const JPEG_QUALITY = 72;

const DRAWING_STYLE = `
  body { margin: 0; padding: 16px; background: #fff; color: #1b1f24; font: 15px/1.4 system-ui, sans-serif; }
  svg text { font-family: system-ui, sans-serif; fill: #1b1f24; }
  svg .small { font-size: 12px; } svg .muted { fill: #59636e; }
`;

/** Takes the pictures of the tour: runs `rfclip explain` as often as needed, and opens models for drawings. */
export class Photographer {
  readonly #browser: Browser;
  readonly #folder = mkdtempSync(join(tmpdir(), 'rfclip-tour-'));
  readonly #pages = new Map<string, string>();
  readonly #models = new Map<string | undefined, Promise<Model>>();

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Writes a picture; its size in bytes. */
  async take(picture: TourPicture): Promise<number> {
    const context = await this.#browser.newContext({
      viewport: { width: picture.width ?? WIDTH, height: 900 },
      deviceScaleFactor: SCALE,
      colorScheme: 'light',
      // The page of explain allows no style but its own.
      bypassCSP: true,
    });
    try {
      const page = await context.newPage();
      const image = await ('draw' in picture ? this.#drawing(page, picture) : this.#panel(page, picture));
      writeFileSync(join(ROOT, 'docs/tour/pictures', picture.file), image);
      return image.length;
    } finally {
      await context.close();
    }
  }

  /** Frees the models and removes the pages. */
  async close(): Promise<void> {
    for (const model of await Promise.all(this.#models.values())) model.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #drawing(page: Page, { file, draw }: DrawnPicture): Promise<Buffer> {
    const body = await draw((checkpoint) => {
      const model = this.#models.get(checkpoint) ?? Model.open({ checkpoint });
      this.#models.set(checkpoint, model);
      return model;
    });
    await page.setContent(`<!DOCTYPE html><style>${DRAWING_STYLE}</style><body>${body}</body>`, { waitUntil: 'load' });
    return shoot(page, 'body', file);
  }

  async #panel(page: Page, { file, explain, show, style, prepare }: PanelPicture): Promise<Buffer> {
    await page.goto(pathToFileURL(this.#explained(explain)).href, { waitUntil: 'load' });
    await page.waitForSelector('#explanation section');
    // What stays in sight while somebody scrolls would lie over the picture.
    await page.addStyleTag({ content: `.points { position: static !important; } ${style ?? ''}` });
    await prepare?.(page);
    return shoot(page, show, file);
  }

  /** The page that a run wrote. */
  #explained(run: ExplainRun): string {
    const key = JSON.stringify(run);
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const folder = join(this.#folder, `run${this.#pages.size}`);
    const { image, classes, checkpoint, at = [], methods } = run;
    const args = ['explain', image, '--classes', classes, '--out', folder];
    if (checkpoint !== undefined) args.push('--checkpoint', checkpoint);
    for (const point of at) args.push('--at', point);
    if (methods !== undefined) args.push('--method', ...methods);
    execFileSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args], { cwd: ROOT, stdio: 'pipe' });
    this.#pages.set(key, join(folder, 'explain.html'));
    return join(folder, 'explain.html');
  }
}

/** A photograph of an element, as the file's name says. */
async function shoot(page: Page, selector: string, file: string): Promise<Buffer> {
  const element = page.locator(selector).first();
  if (file.endsWith('.jpg')) return element.screenshot({ type: 'jpeg', quality: JPEG_QUALITY });
  const { width, height, data } = PNG.sync.read(await element.screenshot({ type: 'png' }));
  const { indices, palette } = fewColours(data);
  return Buffer.from(encodePalettePng(indices, width, height, palette));
}
