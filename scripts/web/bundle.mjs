// Bundles what the playground is made of.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { digest } from '../setup/files.mjs';

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
  charset: 'utf8',
};

/**
 * Bundles one program, whose name gets a hash of its content.
 * @param {string} root the checkout
 * @param {string} out the static folder
 * @param {import('esbuild').BuildOptions} options with one entry
 * @returns {Promise<{ script: string, style: string | undefined }>} paths in the static folder
 */
export async function bundleProgram(root, out, options) {
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    outdir: join(out, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    ...options,
  });
  const [path, output] = Object.entries(/** @type {import('esbuild').Metafile} */ (metafile).outputs).find(
    ([, { entryPoint }]) => entryPoint !== undefined,
  ) ?? ['', undefined];
  const inFolder = (/** @type {string | undefined} */ file) => file && `assets/${file.split('/').at(-1)}`;
  return { script: /** @type {string} */ (inFolder(path)), style: inFolder(output?.cssBundle) };
}

/**
 * The module of the worker, out of dist/, where the field `browser` of package.json holds.
 * @param {string} root
 * @returns {import('esbuild').BuildOptions}
 */
export function workerProgram(root) {
  const parts = ['explain', 'conformance'].map((part) => `import './dist/worker/${part}.js';`);
  return {
    entryNames: 'worker-[hash]',
    stdin: { contents: parts.join('\n'), resolveDir: root, sourcefile: 'worker.js', loader: 'js' },
  };
}

/**
 * Writes the style of the panels of an explanation, which has a shadow tree to itself.
 * @param {string} root
 * @param {string} out
 */
export function writeExplainStyle(root, out) {
  const text = readFileSync(join(root, 'explain', 'panels', 'style.css'), 'utf8');
  const path = `assets/explain-${digest(text).slice(0, 8)}.css`;
  writeFileSync(join(out, path), text);
  return path;
}
