import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { RgbImage } from '../clip/image/types.ts';
import { htmlDocument } from '../evaluation/htmlReport/document.ts';
import { escapeJson, html, name } from '../evaluation/htmlReport/escape.ts';
import { encodeJpeg } from '../pictures/encodeJpeg.ts';
import { counted } from '../system/counted.ts';
import { packageRoot } from '../system/packageRoot.ts';
import type { Explanation } from './explanation.ts';

/**
 * The panels' modules, each after those that it imports. They are plain JavaScript, so that a page can have them as
 * they are: joined into one script here, imported as modules elsewhere.
 */
const MODULES = [
  'values',
  'elements',
  'colours',
  'heatMap',
  'charts',
  'state',
  'overview',
  'attention',
  'distraction',
  'dimensions',
  'drawn',
  'cut',
  'pointMaps',
  'methods',
  'classes',
  'showExplanation',
  'page',
];

/** Of the photo in the page; it only lies under heat maps. */
const JPEG_QUALITY = 88;

/**
 * An explanation as a web page in one file, which loads nothing and runs nothing but its own script.
 * @param photo as the network saw it
 * @returns an HTML document, to be written as UTF-8
 */
export function formatExplainPage(explanation: Explanation, photo: RgbImage): string {
  const { version } = createRequire(import.meta.url)(`${packageRoot()}/package.json`) as { version: string };
  const { image, model } = explanation;
  const jpeg = Buffer.from(encodeJpeg(photo, JPEG_QUALITY)).toString('base64');
  const body = html`<div class="rfclip-panels">
<header>
<h1>${name(image.name)}, seen from inside</h1>
<p class="muted">${name(model.checkpoint)}, ${counted(model.layers, 'layer')} of ${counted(model.heads, 'head')}, on ${name(model.adapter)}</p>
</header>
<noscript><p class="notice">The pictures of this page are drawn by its own script, which is turned off here.</p></noscript>
<img id="photo" hidden alt="" src="data:image/jpeg;base64,${jpeg}">
<main id="explanation"></main>
<footer>Written by rfclip ${version}. Heat maps of attention have 8 bits, value = (byte / 255)² × the largest of the map; all numbers in words and tables, and all other maps, are exact: point at a rounded number to see all its digits.</footer>
</div>
<script type="application/json" id="data">${escapeJson(explanation)}</script>
`;
  const title = `${image.name}, seen from inside`;
  return htmlDocument({ title, body, style: asset('style.css') + asset('page.css'), script: joinModules() });
}

/** One script of all modules, without what makes them modules. */
function joinModules(): string {
  const texts = MODULES.map((module) =>
    asset(`${module}.mjs`)
      .replace(/^import [^;]*;\n/gm, '')
      .replace(/^export /gm, ''),
  );
  return `'use strict';\n{\n${texts.join('\n')}}\n`;
}

function asset(file: string): string {
  return readFileSync(new URL(`panels/${file}`, import.meta.url), 'utf8');
}
