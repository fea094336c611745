import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium, SOFTWARE_GPU } from '../../scripts/setup/chromium.mjs';
import { buildWeb } from '../../scripts/web/build.mjs';
import { serveFolder } from '../../scripts/web/serve.mjs';
import { root } from '../support/house.ts';

/** The path that hosts such as GitHub Pages put in front. */
const BASE = '/some/where/';

/** Stands before the worker's code: its newest device is lost, or it breaks, when the page says so. */
const LOSE_DEVICE = `{
  let newest;
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    return (newest = await request.apply(this, given));
  };
  new BroadcastChannel('lose the device').onmessage = () => newest.destroy();
  new BroadcastChannel('break the worker').onmessage = () => {
    throw new Error('it broke');
  };
}
`;

/** The playground, built and opened in Chromium with its software GPU. */
export interface Playground {
  context: BrowserContext;
  page: Page;
  address: string;
  /** Addresses that were asked for. */
  requests: string[];
  /** What the browser and scripts complained about. */
  complaints: string[];
  /** Another page of the same browser, which is not opened yet. */
  newPage(): Promise<Page>;
  /** Destroys the device in the worker. */
  loseDevice(): Promise<void>;
  /** Something throws in the worker that nobody waits for. */
  breakWorker(): Promise<void>;
  /** Drops files on the page. */
  drop(files: readonly { name: string; bytes: Uint8Array }[]): Promise<void>;
  close(): Promise<void>;
}

/** Builds, serves and opens the playground. @param hash of the address @throws Error where there is no Chromium */
export async function openPlayground(hash: string): Promise<Playground> {
  const found = await findChromium();
  if (!('path' in found)) throw new Error(found.problem);
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-web-'));
  const out = join(folder, 'page');
  await buildWeb(root, out);
  const worker = readdirSync(join(out, 'assets')).find((name) => name.startsWith('worker-'))!;
  prepend(join(out, 'assets', worker), LOSE_DEVICE);
  const server = await serveFolder(out, { port: 0, base: BASE });
  const browser = await chromium.launch({
    executablePath: found.path,
    args: [...SOFTWARE_GPU, '--disable-gpu-watchdog'],
  });
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, acceptDownloads: true });
  const [requests, complaints]: [string[], string[]] = [[], []];
  context.on('request', (request) => void requests.push(request.url()));
  const newPage = async () => {
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    return page;
  };
  const page = await newPage();
  await page.goto(`${server.address}${hash}`);
  return {
    context,
    page,
    address: server.address,
    requests,
    complaints,
    newPage,
    loseDevice: () => page.evaluate(() => new BroadcastChannel('lose the device').postMessage('')),
    breakWorker: async () => {
      await page.evaluate(() => new BroadcastChannel('break the worker').postMessage(''));
      await page.waitForTimeout(300);
      complaints.splice(0);
    },
    drop: (files) =>
      page.evaluate(
        (given) => {
          const dataTransfer = new DataTransfer();
          for (const { name, bytes } of given) dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
          document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
        },
        files.map(({ name, bytes }) => ({ name, bytes: [...bytes] })),
      ),
    close: async () => {
      await browser.close();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function prepend(path: string, text: string): void {
  writeFileSync(path, text + readFileSync(path, 'utf8'));
}
