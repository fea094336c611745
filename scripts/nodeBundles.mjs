// Joins the modules of dist/, and those of packages, to few files for Node, which takes half a millisecond of processor
// time to load each of 700; zod alone has 95.
// All entries of the package and the command line are made in one go and share their parts: a tensor is never a
// stranger. The modules stay for bundlers of browsers, which swap some of them.
import { build } from 'esbuild';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** Packages that bring files beside their code, and stay where they are. */
const EXTERNAL = ['webgpu', '@cwasm/*'];
/** What packages in CommonJS call; only esbuild's own helper looks for it. */
const REQUIRE = [
  "import { createRequire as makeRequire } from 'node:module';",
  'const require = makeRequire(import.meta.url);',
].join(' ');

/** @param {string} root the checkout @param {string} dist its built modules */
export async function writeNodeBundles(root, dist) {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.values(exports).filter((target) => target.node !== undefined);
  const main = join(root, bin.rfclip);
  const { metafile } = await build({
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
    external: EXTERNAL,
    banner: { js: REQUIRE },
    metafile: true,
    absWorkingDir: root,
    // Classes and functions tell their names in messages.
    keepNames: true,
    chunkNames: 'part-[hash]',
    ignoreAnnotations: true,
    logLevel: 'error',
    plugins: [
      { name: 'places', setup: ({ onLoad }) => onLoad({ filter: /\.js$/ }, ({ path }) => moduleAt(path, dist)) },
    ],
  });
  writeFileSync(join(dist, 'node', 'LICENSES.txt'), licencesOf(root, Object.keys(metafile.inputs)));
  writeFileSync(main, "#!/usr/bin/env node\nimport '../node/main.js';\n");
}

/** The licences of the packages that modules come from. @param {string} root @param {string[]} paths of modules */
function licencesOf(root, paths) {
  const folders = paths.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const place = join(root, folder);
    const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    const file = readdirSync(place).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${place} has no licence to go with its code`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(place, file), 'utf8').trim()}\n`;
  });
  return `The files beside this one hold code of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
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
