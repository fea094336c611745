// Compiles TypeScript to dist/ and copies what the compiled code reads at run time (kernels, vocabulary, weights).
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBrowserTexts } from './browserTexts.mjs';
import { writeNodeBundles } from './nodeBundles.mjs';
import { makeFolders } from './setup/files.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
const result = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'],
  { cwd: root, stdio: 'inherit' },
);
if (result.status !== 0) process.exit(result.status ?? 1);

/** @param {string} folder @param {(name: string) => boolean} wanted */
function copyAssets(folder, wanted) {
  makeFolders(join(dist, folder));
  for (const name of readdirSync(join(root, folder))) {
    if (wanted(name)) cpSync(join(root, folder, name), join(dist, folder, name), { recursive: true });
  }
}
copyAssets('explain/panels', () => true);
copyAssets('kernels', (name) => name.endsWith('.wgsl'));
copyAssets('tokenizer', (name) => !name.endsWith('.ts'));
copyAssets('clip/weights', () => true);
copyAssets('datasets/sample', () => true);
writeBrowserTexts(root, dist);
await writeNodeBundles(root, dist);
