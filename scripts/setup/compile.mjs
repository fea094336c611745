/** dist/: is it built from these sources, and if not, `node scripts/build.mjs`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run, tail } from './commands.mjs';
import { digest, fingerprint, readText, writeAtomic } from './files.mjs';
import { SetupError, step } from './report.mjs';

/** Whatever changes the content of dist/. */
const SOURCES = [
  'library',
  'worker',
  'system',
  'engine',
  'kernels',
  'tokenizer',
  'clip',
  'weights',
  'rfclip',
  'pictures',
  'datasets',
  'evaluation',
  'conformance',
  'explain',
  'cli',
  'bench',
  'index.ts',
  'tsconfig.json',
  'package.json',
  'scripts/build.mjs',
  'scripts/browserTexts.mjs',
  'scripts/nodeBundles.mjs',
];
const STAMP = join('dist', '.rfclip-sources');

/**
 * What the stamp in dist/ must contain for the sources as they are now. Throws file system errors.
 * @param {string} root the checkout
 * @returns {string}
 */
export function sourceStamp(root) {
  // The lock file decides the versions of the compiler and of the packages whose code goes into dist/.
  return `${fingerprint(root, SOURCES)} ${digest(readText(join(root, 'package-lock.json')) ?? '')}\n`;
}

/**
 * Whether dist/ was built, without errors, from the sources as they are now.
 * @param {string} root the checkout
 * @returns {boolean}
 */
export function buildReady(root) {
  return existsSync(join(root, 'dist')) && readText(join(root, STAMP)) === sourceStamp(root);
}

/**
 * Builds dist/ and stamps it. Throws SetupError with the compiler's messages when the build fails; the stamp is then
 * missing, since the build starts by deleting dist/.
 * @param {string} root the checkout
 */
export async function build(root) {
  // Taken before the build: a file changed meanwhile makes the stamp differ, and the next set-up builds again.
  const stamp = sourceStamp(root);
  const result = await step('building', () =>
    run(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root }),
  );
  if (result.status !== 0)
    throw new SetupError(
      `the build failed:\n${tail(result.output, 40)}`,
      'Fix what the compiler says above; `npm run build` repeats it.',
    );
  writeAtomic(join(root, STAMP), stamp);
}
