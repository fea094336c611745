import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  aptObstacle,
  chooseChromium,
  chromiumCandidates,
  ensureChromium,
  findChromium,
} from '../../scripts/setup/chromium.mjs';
import { aptInstall } from '../../scripts/setup/debian.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-chromium-'));
  vi.stubEnv('PATH', folder);
  vi.stubEnv('RFCLIP_CHROMIUM', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a program into the only folder of PATH; returns its path. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What is said on stderr while `work` runs. */
async function said(work: () => Promise<unknown>): Promise<string> {
  let text = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => ((text += String(chunk)), true));
  await work();
  return text;
}

describe('looking for Chromium', () => {
  it('RFCLIP_CHROMIUM is the only one where it is set; elsewhere PATH comes first', () => {
    expect(chromiumCandidates({ RFCLIP_CHROMIUM: 'mine', PATH: '/a' }, 'linux')).toEqual(['mine']);
    expect(chromiumCandidates({ PATH: `/a:relative:/b` }, 'linux').slice(0, 4)).toEqual([
      '/a/chromium-headless-shell',
      '/b/chromium-headless-shell',
      '/a/chromium',
      '/b/chromium',
    ]);
    expect(chromiumCandidates({}, 'darwin')).toContain('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');
    expect(chromiumCandidates({ PROGRAMFILES: 'C:\\P' }, 'win32')).toContain(
      'C:\\P\\Google\\Chrome\\Application\\chrome.exe',
    );
  });

  describe.skipIf(process.platform !== 'linux')('on this machine', () => {
    it('takes the first that says it is one, not one that fails, nor a snap', async () => {
      program('chromium-headless-shell', 'echo "Chromium needs a snap"; exit 1');
      mkdirSync(join(folder, 'bin'));
      writeFileSync(join(folder, 'bin/snap'), '#!/bin/sh\necho Chromium 1\n');
      chmodSync(join(folder, 'bin/snap'), 0o755);
      symlinkSync(join(folder, 'bin/snap'), join(folder, 'chromium'));
      program('google-chrome', 'echo something else');
      const good = program('google-chrome-stable', 'echo Google Chrome 140.0');
      expect(await findChromium()).toEqual({ path: good });
    });

    it('says what is wrong with the one that was named', async () => {
      program('chromium', 'echo Chromium 1');
      vi.stubEnv('RFCLIP_CHROMIUM', join(folder, 'nothing'));
      expect(await findChromium()).toEqual({
        problem: `RFCLIP_CHROMIUM names ${join(folder, 'nothing')}, which does not exist`,
      });
      vi.stubEnv('RFCLIP_CHROMIUM', program('broken', 'exit 3'));
      expect(await said(ensureChromium)).toBe(
        `rfclip set-up: the tests of the report page will be skipped: RFCLIP_CHROMIUM names ` +
          `${join(folder, 'broken')}, which does not run, and no other one is looked for (install Chromium or ` +
          `Chrome, or name one with RFCLIP_CHROMIUM)\n`,
      );
    });

    it('says nothing where there is one', async () => {
      program('chromium', 'echo Chromium 1');
      expect(await said(ensureChromium)).toBe('');
    });
  });
});

describe('installing Chromium', () => {
  const facts = { named: false, platform: 'linux', isRoot: true, aptAllowed: true, debianLike: true };
  it.each([
    [{}, null],
    [{ named: true }, /no other one/],
    [{ platform: 'darwin' }, /Debian only/],
    [{ debianLike: false }, /Debian only/],
    [{ aptAllowed: false }, /RFCLIP_NO_APT/],
    [{ isRoot: false }, /only root/],
  ])('%o: %s', (changes, expected) => {
    const obstacle = aptObstacle({ ...facts, ...changes });
    if (expected === null) expect(obstacle).toBeNull();
    else expect(obstacle).toMatch(expected);
  });

  const known = (name: string, candidate: string) =>
    `${name}:\n  Installed: (none)\n  Candidate: ${candidate}\n  Version table:\n     ${candidate} 500\n        500 ` +
    `http://deb.debian.org/debian bookworm/main amd64 Packages\n`;
  it.each([
    ['Debian 12', known('chromium-headless-shell', '156.0') + known('chromium', '156.0'), ['chromium-headless-shell']],
    ['Debian 11', known('chromium', '120.0'), ['chromium']],
    [
      'a package without a version',
      known('chromium-headless-shell', '(none)') + known('chromium', '120.0'),
      ['chromium'],
    ],
    ['Ubuntu', '', []],
  ])('%s', (_name, policy, expected) => expect(chooseChromium(policy)).toEqual(expected));

  it.skipIf(process.platform !== 'linux')(
    'updates the lists, then asks what to install; says what failed',
    async () => {
      program('apt-get', `echo "$*" >> ${join(folder, 'calls')}; [ "$1" = update ] || { echo E: no luck; exit 100; }`);
      expect(await said(() => aptInstall('Chromium', async () => ['chromium']))).toBe(
        'rfclip set-up: apt-get could not install Chromium:\n    E: no luck\n',
      );
      expect(readFileSync(join(folder, 'calls'), 'utf8')).toMatch(
        /^update\ninstall -y --no-install-recommends --no-remove .* chromium\n$/,
      );
      expect(await said(() => aptInstall('Chromium', async () => []))).toBe(
        'rfclip set-up: apt has no package of Chromium\n',
      );
    },
  );
});
