// Writes what Node reads from files at run time as modules: pages have no files beside their code.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** @param {string} root the checkout @param {string} dist where `package.json` maps to with its field `browser` */
export function writeBrowserTexts(root, dist) {
  const kernels = join(root, 'kernels');
  const names = readdirSync(kernels).filter((name) => name.endsWith('.wgsl'));
  const texts = names.map((name) => [
    name.replace('.wgsl', ''),
    withoutComments(readFileSync(join(kernels, name), 'utf8')),
  ]);
  writeFileSync(
    join(dist, 'kernels', 'source.browser.js'),
    `const sources = ${JSON.stringify(Object.fromEntries(texts), null, 2)};
export function kernelSource(name) {
  if (Object.hasOwn(sources, name)) return sources[name];
  throw new Error(\`there is no kernel \${name}\`);
}
`,
  );
  const planes = brotliDecompressSync(readFileSync(join(root, 'tokenizer', 'vocabulary.br')));
  const entities = JSON.parse(readFileSync(join(root, 'tokenizer', 'htmlEntities.json'), 'utf8'));
  // Not compressed: the server does that to all of the code.
  writeFileSync(
    join(dist, 'tokenizer', 'dataFiles.browser.js'),
    `const vocabulary = '${planes.toString('base64')}';
const entities = ${JSON.stringify(entities)};
export function readVocabulary() {
  return Uint8Array.from(atob(vocabulary), (byte) => byte.charCodeAt(0));
}
export function readHtmlEntities() {
  return entities;
}
`,
  );
}

/**
 * The kernels are half comments and blanks, which are for readers of the sources. Lines that the engine looks for are
 * left as they are but for these.
 * @param {string} wgsl
 */
function withoutComments(wgsl) {
  return wgsl
    .replace(/ *\/\/.*$/gm, '')
    .replace(/^ +/gm, '')
    .replace(/^(?!@|var<|const |alias ).*/gm, (line) => line.replace(/ ?([,;{}*]) ?/g, '$1'))
    .replace(/\n{2,}/g, '\n')
    .trimStart();
}
