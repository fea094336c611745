/**
 * A Chromium for the tests that look at a page: which one there is, and installing one with apt where there is none.
 */
import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import { run } from './commands.mjs';
import { aptAllowed, aptInstall, isDebianLike, parseOsRelease } from './debian.mjs';
import { readText } from './files.mjs';
import { say } from './report.mjs';

/** Debian's packages, the smaller one first; Debian 11 has only the second. */
const PACKAGES = ['chromium-headless-shell', 'chromium'];
const COMMANDS = [
  'chromium-headless-shell',
  'chromium',
  'google-chrome',
  'google-chrome-stable',
  'chromium-browser',
  'microsoft-edge',
];

/** Gives pages WebGPU, on Chromium's software GPU. */
export const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

/** @typedef {{ path: string } | { problem: string }} FoundChromium */

/**
 * Where a Chromium may be, in the order to try. RFCLIP_CHROMIUM is the only one where it is set. Pure.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} platform
 * @returns {string[]} absolute paths, but for RFCLIP_CHROMIUM, which is given as it is
 */
export function chromiumCandidates(env, platform) {
  if (env.RFCLIP_CHROMIUM) return [env.RFCLIP_CHROMIUM];
  if (platform === 'win32') {
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(
      (folder) => folder !== undefined,
    );
    return folders.flatMap((folder) =>
      [
        'Google\\Chrome\\Application\\chrome.exe',
        'Chromium\\Application\\chrome.exe',
        'Microsoft\\Edge\\Application\\msedge.exe',
      ].map((path) => `${folder}\\${path}`),
    );
  }
  const onPath = (env.PATH ?? '').split(delimiter).filter(isAbsolute);
  const paths = COMMANDS.flatMap((name) => onPath.map((folder) => join(folder, name)));
  if (platform !== 'darwin') return [...paths, '/opt/google/chrome/chrome'];
  return [
    ...paths,
    ...['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    ),
  ];
}

/**
 * The first Chromium that runs. Never throws.
 * @returns {Promise<FoundChromium>}
 */
export async function findChromium() {
  for (const path of chromiumCandidates(process.env, process.platform)) {
    if (existsSync(path) && (await runs(path))) return { path };
  }
  const named = process.env.RFCLIP_CHROMIUM;
  return {
    problem: named
      ? `RFCLIP_CHROMIUM names ${named}, which ${existsSync(named) ? 'does not run' : 'does not exist'}`
      : 'no Chromium was found',
  };
}

/**
 * Finds a Chromium, installing it where apt can. Never throws: where there is none it says so in one line, and the
 * tests that need one are skipped.
 */
export async function ensureChromium() {
  const found = await findChromium();
  if ('path' in found) return;
  const obstacle = aptObstacle({
    named: Boolean(process.env.RFCLIP_CHROMIUM),
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    aptAllowed: aptAllowed(),
    debianLike: isDebianLike(parseOsRelease(readText('/etc/os-release') ?? '')),
  });
  let problem = `${found.problem}${obstacle === null ? '' : `, ${obstacle}`}`;
  if (obstacle === null) {
    say(
      'no Chromium was found: installing it with apt-get for the tests of the report page (RFCLIP_NO_APT=1 prevents ' +
        'this)',
    );
    const installed = await aptInstall('Chromium', async () =>
      chooseChromium(
        (await run('apt-cache', ['policy', ...PACKAGES], { env: { ...process.env, LC_ALL: 'C' } })).stdout,
      ),
    );
    if (installed && 'path' in (await findChromium())) return;
    if (installed) problem = 'the installed Chromium does not run';
  }
  say(
    `the tests of the report page will be skipped: ${problem} (install Chromium or Chrome, or name one with ` +
      `RFCLIP_CHROMIUM)`,
  );
}

/**
 * Why apt is not asked for Chromium, or null if it is. Pure.
 * @param {{ named: boolean, platform: string, isRoot: boolean, aptAllowed: boolean, debianLike: boolean }} facts
 * @returns {string | null}
 */
export function aptObstacle(facts) {
  if (facts.named) return 'and no other one is looked for';
  if (facts.platform !== 'linux' || !facts.debianLike) return 'and the set-up installs it on Debian only';
  if (!facts.aptAllowed) return 'and RFCLIP_NO_APT is set';
  return facts.isRoot ? null : 'and only root can install it with apt-get';
}

/**
 * What to install, from the output of `apt-cache policy`. Ubuntu has Chromium as a snap only: its package is not among
 * these. Pure.
 * @param {string} policy
 * @returns {string[]} empty if none can be had
 */
export function chooseChromium(policy) {
  const available = new Map(
    [...policy.matchAll(/^(\S+):\n(?:[ \t].*\n)*?[ \t]+Candidate: (.*)$/gm)].map(([, name, candidate]) => [
      name,
      candidate,
    ]),
  );
  const name = PACKAGES.find((wanted) => (available.get(wanted) ?? '(none)') !== '(none)');
  return name === undefined ? [] : [name];
}

/** @param {string} path @returns {Promise<boolean>} */
async function runs(path) {
  // A snap has a /tmp of its own and cannot open the pages that tests write there.
  if (basename(realpathSync(path)) === 'snap') return false;
  // On Windows the flag opens a window instead.
  if (process.platform === 'win32') return true;
  const { status, stdout } = await run(path, ['--version'], { timeoutMs: 20_000 });
  return status === 0 && /Chrom|Edge/.test(stdout);
}
