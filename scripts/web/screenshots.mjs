// Makes the pictures of docs/playground.md anew: node scripts/web/screenshots.mjs
//
// Needs a build (npm run web:build) and a Chromium, whose software GPU takes a minute.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium, SOFTWARE_GPU } from '../setup/chromium.mjs';
import { serveFolder } from './serve.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PATIENCE = 600_000;
const QUALITY = 86;

/**
 * @typedef {object} Shot
 * @property {string} file
 * @property {string} hash of the address
 * @property {'light' | 'dark'} scheme
 * @property {{ width: number, height: number }} size
 * @property {number} scale
 * @property {boolean} inside whether the look inside is opened
 */
/** @type {readonly Shot[]} */
const SHOTS = [
  {
    file: 'playground.jpg',
    hash: '#example=scene_0033',
    scheme: 'light',
    size: { width: 1400, height: 960 },
    scale: 1,
    inside: false,
  },
  {
    file: 'playground-narrow.jpg',
    hash: '#example=scene_0032&weights=planted',
    scheme: 'dark',
    size: { width: 360, height: 1500 },
    scale: 1.5,
    inside: true,
  },
];

const found = await findChromium();
if (!('path' in found)) throw new Error(found.problem);
const server = await serveFolder(join(root, 'dist-web'), { port: 0 });
const browser = await chromium.launch({
  executablePath: found.path,
  args: SOFTWARE_GPU,
});
try {
  for (const { file, hash, scheme, size, scale, inside } of SHOTS) {
    const page = await browser.newPage({
      viewport: size,
      colorScheme: scheme,
      reducedMotion: 'reduce',
      deviceScaleFactor: scale,
    });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(server.address + hash);
    await page.locator('.legend-box').waitFor();
    const picture = page.getByRole('application');
    const box = await picture.boundingBox();
    if (box === null) throw new Error('the picture is not there');
    if (inside) {
      await picture.click({ position: { x: 0.45 * box.width, y: 0.45 * box.height } });
      await page.locator('.explanation-host section.panel').first().waitFor();
      await page.waitForTimeout(500);
    } else await page.mouse.move(box.x + 0.42 * box.width, box.y + 0.31 * box.height);
    const shot = await page.screenshot({ type: 'jpeg', quality: QUALITY });
    writeFileSync(join(root, 'docs', file), shot);
    console.log(`docs/${file}: ${shot.length} bytes`);
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
