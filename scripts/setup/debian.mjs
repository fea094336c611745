/** Debian and Ubuntu: installing packages with apt, and which ones give a Vulkan software driver that Dawn accepts. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run, tail } from './commands.mjs';
import { readText, writeAtomic } from './files.mjs';
import { say, step } from './report.mjs';

const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];
const UPDATE = ['apt-get', 'update'];
const INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=300'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * @typedef {{ id: string, like: string[], versionId: string, codename: string }} Release
 */

/**
 * Parses /etc/os-release (shell-like KEY=value lines). Unknown text gives empty fields.
 * @param {string} text
 * @returns {Release}
 */
export function parseOsRelease(text) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z0-9_]+)=(.*?)\s*$/.exec(line);
    if (match) fields[match[1]] = match[2].replace(/^(["'])(.*)\1$/, '$2').replace(/\\(["'$`\\])/g, '$1');
  }
  return {
    id: fields.ID ?? '',
    like: (fields.ID_LIKE ?? '').split(' ').filter(Boolean),
    versionId: fields.VERSION_ID ?? '',
    codename: fields.VERSION_CODENAME ?? '',
  };
}

/**
 * Whether apt is this system's package manager.
 * @param {Release} release
 * @returns {boolean}
 */
export function isDebianLike(release) {
  return [release.id, ...release.like].some((id) => id === 'debian' || id === 'ubuntu');
}

/**
 * Whether one of the given apt source files (one-line or deb822 style) switches on the suite.
 * @param {readonly string[]} sources contents of the files
 * @param {string} suite for instance bookworm-backports
 * @returns {boolean}
 */
export function hasSuite(sources, suite) {
  return sources.some((text) => {
    const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
    if (lines.some((line) => /^\s*deb\s/.test(line) && line.split(/\s+/).includes(suite))) return true;
    return lines
      .join('\n')
      .split(/\n\s*\n/)
      .some((stanza) => {
        if (/^Enabled:\s*(no|false)\s*$/im.test(stanza) || !/^Types:.*\bdeb\b(?!-)/im.test(stanza)) return false;
        return (/^Suites:(.*(?:\n[ \t].*)*)/im.exec(stanza)?.[1] ?? '').split(/\s+/).includes(suite);
      });
  });
}

/**
 * What to install. Debian 12's own Mesa (22.3) implements too old a Vulkan for Dawn, so there the packages come from
 * backports.
 * @param {Release} release
 * @param {readonly string[]} sources contents of the apt source files
 * @param {boolean} [hasKeyring] whether Debian's keyring is at its usual place
 * @returns {{ sourcesFile: { path: string, text: string } | null, packages: string[] }} with options before the
 *   packages
 */
export function planApt(release, sources, hasKeyring = true) {
  if (release.id !== 'debian' || release.versionId !== '12') return { sourcesFile: null, packages: PACKAGES };
  const suite = 'bookworm-backports';
  const signed = hasKeyring ? `[signed-by=${KEYRING}] ` : '';
  const sourcesFile = hasSuite(sources, suite)
    ? null
    : {
        path: '/etc/apt/sources.list.d/rfclip-backports.list',
        text: `deb ${signed}http://deb.debian.org/debian ${suite} main\n`,
      };
  return { sourcesFile, packages: ['-t', suite, ...PACKAGES] };
}

/**
 * Whether the packages are there already, in a version that Dawn accepts, so that apt has nothing to offer.
 * @param {string} dpkgOutput what `dpkg-query -W -f '${Package} ${Status} ${Version}\n'` says of the packages
 * @returns {boolean}
 */
export function mesaInstalled(dpkgOutput) {
  const versions = new Map(
    [...dpkgOutput.matchAll(/^(\S+) \S+ \S+ installed (?:\d+:)?(\d+)/gm)].map((match) => [match[1], Number(match[2])]),
  );
  return versions.has('libvulkan1') && (versions.get('mesa-vulkan-drivers') ?? 0) >= 23;
}

/**
 * Whether it makes sense to call apt-get on this machine. Never throws.
 * @returns {Promise<boolean>}
 */
export async function aptCanHelp() {
  if ((await run('apt-get', ['--version'])).missing) return false;
  const installed = await run('dpkg-query', ['-W', '-f', '${Package} ${Status} ${Version}\n', ...PACKAGES]);
  return !mesaInstalled(installed.stdout);
}

/**
 * Installs Mesa's software driver with apt, saying so. Never throws: a failure is said in a line and leads to the next
 * way to get a driver.
 * @param {Release} release
 * @returns {Promise<boolean>} whether apt reported success
 */
export async function installMesa(release) {
  const plan = planApt(release, readSources(), existsSync(KEYRING));
  say(
    `no usable graphics adapter: installing ${PACKAGES.join(' and ')} with ` +
      `apt-get${plan.packages.includes('-t') ? ' from bookworm-backports' : ''} (RFCLIP_NO_APT=1 prevents this)`,
  );
  try {
    if (plan.sourcesFile !== null) {
      say(`adding ${plan.sourcesFile.path}`);
      writeAtomic(plan.sourcesFile.path, plan.sourcesFile.text);
    }
  } catch (error) {
    say(`could not add it: ${/** @type {Error} */ (error).message}`);
    return false;
  }
  return aptInstall('the Vulkan driver', async () => plan.packages);
}

/** Whether the set-up may call apt-get. */
export function aptAllowed() {
  return !/^(1|true|yes)$/i.test(process.env.RFCLIP_NO_APT ?? '');
}

/**
 * Updates the package lists and installs. Never throws: a failure is said in a line.
 * @param {string} title what the packages are for, in a sentence
 * @param {() => Promise<string[]>} choose as `packages` of `planApt`, asked for when the lists are new; empty if there
 *   are none
 * @returns {Promise<boolean>} whether apt reported success
 */
export async function aptInstall(title, choose) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  // An update that fails for somebody else's source does not matter if the packages can be installed all the same.
  const updated = await step('updating the package lists', () => run(UPDATE[0], UPDATE.slice(1), { env }));
  const chosen = await choose();
  const before = updated.status === 0 ? '' : updated.output;
  if (chosen.length === 0) {
    say(`apt has no package of ${title}${before === '' ? '' : `:\n${tail(before, 6)}`}`);
    return false;
  }
  const installed = await step(`installing ${title}`, () => run(INSTALL[0], [...INSTALL.slice(1), ...chosen], { env }));
  if (installed.status === 0) return true;
  say(`apt-get could not install ${title}:\n${tail(before + installed.output, 6)}`);
  return false;
}

/** @returns {string[]} contents of the apt source files */
function readSources() {
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name)) : [];
  return ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))].map((path) => readText(path) ?? '');
}
