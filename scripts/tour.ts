/**
 * Makes the pictures of docs/tour again: `npm run tour:pictures`, or `npm run tour:pictures -- 03-` for those whose
 * names begin so. Panels of `rfclip explain` are photographed in Chromium, and so is what a chapter draws itself.
 */
import { chromium } from 'playwright-core';
import { findChromium } from './setup/chromium.mjs';
import { Photographer } from './tour/photographer.ts';
import { PICTURES } from './tour/pictures.ts';

const wanted = process.argv.slice(2);
const chosen = PICTURES.filter(({ file }) => wanted.length === 0 || wanted.some((start) => file.startsWith(start)));
const found = await findChromium();
if ('problem' in found) {
  console.error(`tour: no Chromium to draw with: ${found.problem}`);
  process.exitCode = 1;
} else if (chosen.length === 0) {
  console.error(`tour: no picture begins with ${wanted.join(' or ')}`);
  process.exitCode = 2;
} else {
  const browser = await chromium.launch({ executablePath: found.path });
  const photographer = new Photographer(browser);
  try {
    for (const picture of chosen) {
      const bytes = await photographer.take(picture);
      console.log(`written: docs/tour/pictures/${picture.file} (${(bytes / 1000).toFixed(0)} kB)`);
    }
  } finally {
    await photographer.close();
    await browser.close();
  }
}
