// Builds the playground into a static folder. dist/ must be there.
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { build } from 'esbuild';
import { digest, fingerprint, makeFolders, readText, writeAtomic } from '../setup/files.mjs';
import { bundleProgram, workerProgram, writeExplainStyle } from './bundle.mjs';
import { offeredMethods } from './methods.mjs';
import { writeExamples } from './pictures.mjs';
import { writeRecordings } from './recordings.mjs';

/** No request to anybody else, no script and no style but the built ones. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Where the worker's code looks for the checkpoints that ship, from the folder above its own. */
const CHECKPOINTS = 'clip/weights';
/** Kept for use without a network only when they are first asked for. */
const LATE = /^recordings/;
const STAMP = '.sources';
const SOURCES = [
  'web',
  'scripts/web',
  'scripts/packRecordings.mjs',
  'examples',
  'explain/panels',
  'pictures',
  'worker',
  'test/fixtures/reference',
  'dist/.rfclip-sources',
];

/**
 * Whether the folder holds what would be built now.
 * @param {string} root the checkout
 * @param {string} out
 */
export function isBuilt(root, out) {
  return readText(join(out, STAMP)) === fingerprint(root, SOURCES);
}

/**
 * Builds beside the folder and puts it in its place when it is whole.
 * @param {string} root the checkout
 * @param {string} out the static folder, replaced if the build made it
 * @returns {Promise<{ files: number, bytes: number }>}
 */
export async function buildWeb(root, out) {
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, STAMP)))
    throw new Error(`${out} holds something else than a built page, expected an empty or a new folder`);
  const stamp = fingerprint(root, SOURCES);
  const made = `${out}.${process.pid}.tmp`;
  rmSync(made, { recursive: true, force: true });
  makeFolders(join(made, 'assets'));
  try {
    await writePage(root, made);
    const files = listFiles(made);
    await writeServiceWorker(root, made, files);
    writeAtomic(join(made, STAMP), stamp);
    rmSync(out, { recursive: true, force: true });
    renameSync(made, out);
    return { files: files.length + 1, bytes: files.reduce((sum, path) => sum + statSync(join(out, path)).size, 0) };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** @param {string} root @param {string} out */
async function writePage(root, out) {
  makeFolders(join(out, CHECKPOINTS));
  for (const name of ['microclip.safetensors', 'planted.safetensors'])
    cpSync(join(root, CHECKPOINTS, name), join(out, CHECKPOINTS, name));
  const { script: worker } = await bundleProgram(root, out, workerProgram(root));
  const recordings = writeRecordings(out);
  const facts = {
    version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    worker,
    explainStyle: writeExplainStyle(root, out),
    recordings,
    recordingsSize: statSync(join(out, recordings)).size,
    examples: await writeExamples(root, out),
    methods: await offeredMethods(),
    names: taughtNames(root),
  };
  const { script, style } = await bundleProgram(root, out, {
    entryPoints: ['web/main.tsx'],
    splitting: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { BUILT: JSON.stringify(facts) },
  });
  const icon = readFileSync(join(root, 'web', 'icon.svg'), 'utf8');
  const iconPath = `assets/icon-${digest(icon).slice(0, 8)}.svg`;
  writeFileSync(join(out, iconPath), icon);
  /** @type {Record<string, string | undefined>} */
  const places = { policy: POLICY, icon: iconPath, script, style };
  const page = readFileSync(join(root, 'web', 'index.html'), 'utf8');
  writeFileSync(
    join(out, 'index.html'),
    page.replace(/\{\{(\w+)\}\}/g, (_, name) => /** @type {string} */ (places[name])),
  );
  // GitHub Pages would leave out what begins with an underscore.
  writeFileSync(join(out, '.nojekyll'), '');
}

/** @param {string} root */
function taughtNames(root) {
  const lines = readFileSync(join(root, 'examples', 'classes.txt'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => line.split(', ')[0]);
}

/** @param {string} root @param {string} out @param {readonly string[]} paths */
async function writeServiceWorker(root, out, paths) {
  const files = paths
    .filter((path) => !posix.basename(path).startsWith('.'))
    .map((path) => ({
      path,
      hash: digest(readFileSync(join(out, path))).slice(0, 16),
      early: !LATE.test(path),
    }));
  await build({
    absWorkingDir: root,
    entryPoints: ['web/offline/serviceWorker.ts'],
    outfile: join(out, 'sw.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    logLevel: 'warning',
    define: { FILES: JSON.stringify(files) },
  });
}

/** @param {string} folder */
function listFiles(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}
