/** npm packages: is what is installed what package-lock.json asks for, and if not, `npm ci`. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runNpm, tail } from './commands.mjs';
import { digest, makeFolders, readJson, readText, writeAtomic } from './files.mjs';
import { say, SetupError, step } from './report.mjs';

const STAMP = '.rfclip-lock-hash';

/**
 * Whether node_modules holds what package-lock.json asks for. An install made by hand (`npm ci`, `npm install`) is
 * adopted by comparing npm's own record, and then stamped so that the next look is one hash. Never throws.
 * @param {string} root the checkout
 * @returns {boolean}
 */
export function dependenciesReady(root) {
  const lockText = readText(join(root, 'package-lock.json'));
  if (lockText === null) return false;
  const stamp = lockStamp(lockText);
  const stampPath = join(root, 'node_modules', STAMP);
  // npm's own record must still be there: an interrupted npm removes it before anything else.
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return false;
  if (readText(stampPath) === stamp) return true;
  if (!installMatches(JSON.parse(lockText), installed, (path) => existsSync(join(root, path, 'package.json'))))
    return false;
  tryWrite(stampPath, stamp);
  return true;
}

/**
 * What the stamp file must contain. The platform is part of it because a few packages carry native code, and a checkout
 * may be shared between a Mac and a Linux container.
 * @param {string} lockText content of package-lock.json
 * @param {string} [platform]
 * @returns {string}
 */
export function lockStamp(lockText, platform = `${process.platform}-${process.arch}`) {
  return `${digest(lockText)} ${platform}\n`;
}

/**
 * Compares package-lock.json with node_modules/.package-lock.json. An optional package may be missing, unless it names
 * this platform (then it is native code somebody needs) and no C library (which Node does not tell us). Extra packages
 * do not matter.
 * @param {{ packages?: Record<string, any> }} wanted
 * @param {{ packages?: Record<string, any> }} installed
 * @param {(path: string) => boolean} exists whether the package at this path is really on the disk
 * @param {{ platform: string, arch: string }} [machine]
 * @returns {boolean}
 */
export function installMatches(
  wanted,
  installed,
  exists,
  machine = { platform: process.platform, arch: process.arch },
) {
  /** @param {string[] | undefined} list @param {string} value */
  const fits = (list, value) =>
    list === undefined || list.includes(value) || list.every((item) => item.startsWith('!') && item !== `!${value}`);
  for (const [path, entry] of Object.entries(wanted.packages ?? {})) {
    if (path === '') continue;
    const found = installed.packages?.[path];
    const native =
      (entry.os ?? entry.cpu) !== undefined &&
      entry.libc === undefined &&
      fits(entry.os, machine.platform) &&
      fits(entry.cpu, machine.arch);
    if (found === undefined && entry.optional && !native) continue;
    if (found === undefined || found.version !== entry.version || found.integrity !== entry.integrity || !exists(path))
      return false;
  }
  return true;
}

/**
 * Runs `npm ci`. The old node_modules is put aside and comes back if npm fails, because npm deletes it first and a
 * machine without network would be left with nothing. With an old install the set-up then goes on, with a warning.
 * Throws SetupError when nothing usable is installed afterwards.
 * @param {string} root the checkout
 */
export async function installDependencies(root) {
  const lockText = readText(join(root, 'package-lock.json'));
  if (lockText === null)
    throw new SetupError(
      `${join(root, 'package-lock.json')} is missing.`,
      'Get a complete copy: git checkout -- package-lock.json',
    );
  const modules = join(root, 'node_modules');
  const backup = join(root, '.cache', 'node_modules.old');
  const kept = putAside(modules, backup);
  const result = await step('installing dependencies', () =>
    runNpm(
      [
        'ci',
        '--include=dev',
        '--no-audit',
        '--no-fund',
        '--prefer-offline',
        '--fetch-retry-mintimeout=2000',
        '--fetch-retry-maxtimeout=10000',
      ],
      { cwd: root },
    ),
  );
  if (result.status === 0) {
    tryWrite(join(modules, STAMP), lockStamp(lockText));
    rmSync(backup, { recursive: true, force: true });
    return;
  }
  const why = explainNpmFailure(result, root);
  if (!kept) throw why;
  rmSync(modules, { recursive: true, force: true });
  renameSync(backup, modules);
  if (readJson(join(modules, '.package-lock.json')) === null) throw why;
  say(
    `WARNING: the installed packages differ from package-lock.json and could not be updated; going on with the old ` +
      `ones (${why.message.replace(/\.$/, '')})`,
  );
}

/**
 * One sentence for a failed npm, with npm's last lines where they help.
 * @param {{ status: number | null, output: string, missing: boolean }} result
 * @param {string} root
 * @returns {SetupError}
 */
export function explainNpmFailure(result, root) {
  if (result.missing)
    return new SetupError(
      'npm was not found, and the dependencies are not installed.',
      'Install npm (it comes with Node from https://nodejs.org) and try again.',
    );
  const { output } = result;
  if (
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED)\b/.test(
      output,
    )
  ) {
    return new SetupError(
      'the npm registry could not be reached.',
      'Check the network, `npm config get registry` and the proxy settings, then run the same command again.',
    );
  }
  if (/\b(EROFS|EACCES|EPERM)\b/.test(output)) {
    return new SetupError(
      `npm may not write to ${join(root, 'node_modules')} or to its own cache:\n${tail(output, 8)}`,
      'Use a copy of the project that this user owns.',
    );
  }
  return new SetupError(
    `npm ci failed (exit code ${result.status}):\n${tail(output)}`,
    'Fix what npm says above, then run the same command again.',
  );
}

/** @param {string} modules @param {string} backup @returns {boolean} whether there is something to bring back */
function putAside(modules, backup) {
  const complete = (/** @type {string} */ folder) => existsSync(join(folder, '.package-lock.json'));
  if (complete(backup) && !complete(modules)) {
    // The last set-up was killed during npm ci: its backup is worth more than what npm left behind.
    rmSync(modules, { recursive: true, force: true });
    return true;
  }
  rmSync(backup, { recursive: true, force: true });
  if (!existsSync(modules)) return false;
  makeFolders(dirname(backup));
  try {
    renameSync(modules, backup);
    return true;
  } catch {
    // A mount point (a container's volume) cannot be renamed: npm empties it in place.
    return false;
  }
}

/**
 * A stamp that cannot be written costs time at the next start and nothing else.
 * @param {string} path
 * @param {string} text
 */
function tryWrite(path, text) {
  try {
    writeAtomic(path, text);
  } catch {
    // See above.
  }
}
