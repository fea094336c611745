// Joins the modules of dist/ to few files for Node, which takes half a millisecond of processor time to load each of 400.
// All entries of the package and the command line are made in one go and share their parts: a tensor is never a
// stranger. The modules stay for bundlers of browsers, which swap some of them.
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** @param {string} root the checkout @param {string} dist its built modules */
export async function writeNodeBundles(root, dist) {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.values(exports).filter((target) => target.node !== undefined);
  const main = join(root, bin.rfclip);
  await build({
    entryPoints: [
      ...entries.map((target) => ({ in: join(root, target.default), out: outputName(target.node) })),
      { in: main, out: 'main' },
    ],
    outdir: join(dist, 'node'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    // Classes and functions tell their names in messages.
    keepNames: true,
    chunkNames: 'part-[hash]',
    ignoreAnnotations: true,
    logLevel: 'error',
    plugins: [
      { name: 'places', setup: ({ onLoad }) => onLoad({ filter: /\.js$/ }, ({ path }) => moduleAt(path, dist)) },
    ],
  });
  writeFileSync(main, "#!/usr/bin/env node\nimport '../node/main.js';\n");
}

function outputName(path) {
  return path.replace('./dist/node/', '').replace('.js', '');
}

/** A module that still finds the files and workers beside it: it takes itself to be where it was. */
function moduleAt(path, dist) {
  const text = readFileSync(path, 'utf8');
  if (!/import\.meta\.(url|dirname|filename)/.test(text)) return { contents: text };
  const place = relative(join(dist, 'node'), path).split(sep).join('/');
  const contents = text
    .replaceAll('import.meta.url', 'moduleUrl')
    .replaceAll('import.meta.filename', 'pathOfUrl(moduleUrl)')
    .replaceAll('import.meta.dirname', `pathOfUrl(new URL('.', moduleUrl))`);
  const head = `import { fileURLToPath as pathOfUrl } from 'node:url';
const moduleUrl = new URL(${JSON.stringify(place)}, import.meta.url).href;
`;
  return { contents: head + contents, resolveDir: dirname(path) };
}
