/**
 * The order of the set-up: dependencies, build, adapter, and for tests a browser. Loaded by scripts/setup.mjs once the
 * Node version is known to do.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAdapter, rememberedAdapter } from './adapter.mjs';
import { ensureChromium } from './chromium.mjs';
import { build, buildReady } from './compile.mjs';
import { dependenciesReady, installDependencies } from './dependencies.mjs';
import { explainWriteError, say, SetupError } from './report.mjs';
import { withLock } from './lock.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const USAGE =
  'usage: node scripts/setup.mjs [--fresh] [--tests] [--build]   (--fresh looks at the graphics adapter again, ' +
  '--tests provides a browser too, --build sees to packages and dist/ only)';
const FLAGS = ['--fresh', '--tests', '--build'];

/**
 * Runs the set-up and sets the exit code. Never throws and never prints a stack trace, unless RFCLIP_DEBUG is set.
 * @param {readonly string[]} args the command line without node and script
 */
export async function main(args) {
  const unknown = args.find((arg) => !FLAGS.includes(arg));
  if (unknown !== undefined) {
    const help = unknown === '--help' || unknown === '-h';
    say(help ? USAGE : `unknown argument ${unknown}; ${USAGE}`);
    process.exitCode = help ? 0 : 2;
    return;
  }
  try {
    if (args.includes('--build')) {
      await provideBuild();
      return;
    }
    await setUp(args.includes('--fresh'));
    if (args.includes('--tests')) await ensureChromium();
  } catch (error) {
    const known = /** @type {SetupError} */ (
      explainWriteError(error, ROOT, 'Use a copy of the project that this user owns.')
    );
    say(`ERROR: ${known.message}`);
    if (known.fix) say(known.fix);
    if (process.env.RFCLIP_DEBUG && !(error instanceof SetupError)) console.error(error);
    process.exitCode = 1;
  }
}

/** @param {boolean} fresh whether to probe the adapter even if it worked earlier today */
async function setUp(fresh) {
  const remembered = () => (fresh ? null : rememberedAdapter(ROOT));
  // The ready path takes no lock and writes nothing, so it works in a read-only checkout.
  if (dependenciesReady(ROOT) && buildReady(ROOT)) {
    const adapter = remembered();
    if (adapter !== null) return say(`ready (${adapter}, seen working today)`);
    return say(`ready (${await ensureAdapter(ROOT)})`);
  }
  say(`ready (${await provideBuild(async () => remembered() ?? (await ensureAdapter(ROOT)))})`);
}

/**
 * Installs packages and builds dist/ where they are not what the sources ask for, one process at a time; silent where
 * they are.
 * @param {() => Promise<string>} [then] what else only one process should do
 */
async function provideBuild(then = async () => '') {
  if (dependenciesReady(ROOT) && buildReady(ROOT)) return then();
  return withLock(join(ROOT, '.cache', 'setup.lock'), async () => {
    // Looked at again: the process we may have waited for did the work.
    if (!dependenciesReady(ROOT)) await installDependencies(ROOT);
    if (!buildReady(ROOT)) await build(ROOT);
    return then();
  });
}
