// Writes the example pictures of the playground, each with a small one.
import { cpSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolders } from '../setup/files.mjs';
import { EXAMPLES } from './examples.mjs';

/** Short side of the small ones: twice what is seen, for fine screens. */
const THUMBNAIL_SIDE = 128;
const THUMBNAIL_QUALITY = 82;

/**
 * @param {string} root the checkout, with dist/
 * @param {string} out the static folder
 * @returns what the page has to know of them
 */
export async function writeExamples(root, out) {
  const from = (/** @type {string} */ path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
  const { readImage } = await from('clip/image/readImage.js');
  const { resizeBicubicPillow } = await from('clip/image/resizeBicubicPillow.js');
  const { encodeJpeg } = await from('pictures/encodeJpeg.js');
  makeFolders(join(out, 'examples', 'small'));
  const examples = [];
  for (const { path, title, classes } of EXAMPLES) {
    const source = join(root, 'examples', path);
    const id = basename(path).replace(/\.\w+$/, '');
    const [file, thumbnail] = [`examples/${basename(path)}`, `examples/small/${id}.jpg`];
    cpSync(source, join(out, file));
    const { width, height, data } = await readImage(source);
    const scale = THUMBNAIL_SIDE / Math.min(width, height);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    writeFileSync(
      join(out, thumbnail),
      encodeJpeg(resizeBicubicPillow({ width, height, data }, w, h), THUMBNAIL_QUALITY),
    );
    examples.push({ id, title, file, thumbnail, width: w, height: h, classes, isPhoto: path.startsWith('photos/') });
  }
  return examples;
}
