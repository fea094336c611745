import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium, SOFTWARE_GPU } from '../../scripts/setup/chromium.mjs';

/** Files by path, such as `/app.js`. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript' };

/** A page with WebGPU, and the server it came from. */
export interface GpuPage {
  page: Page;
  /** Addresses that were asked for, without the server's name. */
  requests: string[];
  close: () => Promise<void>;
}

/** Opens `/index.html` of these files in Chromium, whose software GPU is allowed. @throws Error where there is none */
export async function openGpuPage(files: Files): Promise<GpuPage> {
  const found = await findChromium();
  if (!('path' in found)) throw new Error(found.problem);
  const server = await serve(files);
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({
      executablePath: found.path,
      args: SOFTWARE_GPU,
    });
    const page = await browser.newPage();
    const requests: string[] = [];
    page.on('request', (request) => void requests.push(new URL(request.url()).pathname));
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/index.html`);
    return {
      page,
      requests,
      close: async () => {
        await browser?.close();
        server.close();
      },
    };
  } catch (error) {
    await browser?.close();
    server.close();
    throw error;
  }
}

async function serve(files: Files): Promise<Server> {
  const server = createServer((request, response) => {
    const content = files[request.url!];
    if (content === undefined) return void response.writeHead(404).end();
    const type = TYPES[request.url!.split('.').at(-1)!] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(content) }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return server;
}
