import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as fallback from '../../engine/vulkanFallback.ts';
import { adviceFor, nextAction, parseProbe, probeKey } from '../../scripts/setup/adapter.mjs';
import { findNpmCli } from '../../scripts/setup/commands.mjs';
import { buildReady, sourceStamp } from '../../scripts/setup/compile.mjs';
import { dependenciesReady, explainNpmFailure, installMatches, lockStamp } from '../../scripts/setup/dependencies.mjs';
import { cacheFolder, fingerprint, writeAtomic } from '../../scripts/setup/files.mjs';
import { isStale, withLock } from '../../scripts/setup/lock.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-setup-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a file below the test's folder, making its folders. */
function put(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe('installed dependencies', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' };
  const wanted = { packages: { '': {}, 'node_modules/a': a } };
  const machine = { platform: 'linux', arch: 'x64' };
  const matches = (extra: object, installed: object) =>
    installMatches(
      { packages: { ...wanted.packages, ...extra } },
      { packages: { 'node_modules/a': a, ...installed } },
      () => true,
      machine,
    );

  it('match when every package has the wanted version and content', () => {
    expect(matches({}, {})).toBe(true);
    expect(matches({}, { 'node_modules/extra': a })).toBe(true);
    expect(matches({}, { 'node_modules/a': { ...a, version: '1.0.1' } })).toBe(false);
    expect(matches({}, { 'node_modules/a': { ...a, integrity: 'sha512-b' } })).toBe(false);
    expect(matches({ 'node_modules/b': a }, {})).toBe(false);
    expect(installMatches(wanted, wanted, () => false, machine)).toBe(false);
  });

  it.each([
    ['for another system', { os: ['darwin'] }, true],
    ['for another processor', { os: ['linux'], cpu: ['arm64'] }, true],
    ['for another C library, which cannot be told', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }, true],
    ['needed by such a package only', {}, true],
    ['for this machine', { os: ['linux'], cpu: ['x64'] }, false],
    ['for all systems but another one', { os: ['!win32'] }, false],
    ['for all systems but this one', { os: ['!linux'] }, true],
  ])('may lack an optional package %s: %o -> %s', (_, fields, expected) => {
    expect(matches({ 'node_modules/b': { ...a, optional: true, ...fields } }, {})).toBe(expected);
  });

  it('are adopted from an install by hand, stamped, and refused after the lock file changes', () => {
    put('package-lock.json', JSON.stringify(wanted));
    expect(dependenciesReady(folder)).toBe(false);
    put('node_modules/.package-lock.json', JSON.stringify(wanted));
    put('node_modules/a/package.json', '{}');
    expect(dependenciesReady(folder)).toBe(true);
    expect(readFileSync(join(folder, 'node_modules/.rfclip-lock-hash'), 'utf8')).toBe(
      lockStamp(JSON.stringify(wanted)),
    );
    put('package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { ...a, version: '2.0.0' } } }));
    expect(dependenciesReady(folder)).toBe(false);
  });

  it('are refused when npm was interrupted, whatever the stamp says', () => {
    put('package-lock.json', '{}');
    put('node_modules/.rfclip-lock-hash', lockStamp('{}'));
    expect(dependenciesReady(folder)).toBe(false);
  });

  it('are per platform, since some carry native code', () => {
    expect(lockStamp('{}', 'linux-x64')).not.toBe(lockStamp('{}', 'darwin-arm64'));
  });
});

describe('npm', () => {
  it.each([
    ['npm error code ECONNREFUSED', /registry could not be reached/],
    ['npm error code EACCES\nnpm error syscall mkdir', /may not write/],
    ['npm error something else', /npm ci failed \(exit code 1\)[\s\S]*something else/],
  ])('failing with %j is explained', (output, expected) => {
    expect(explainNpmFailure({ status: 1, output, missing: false }, folder).message).toMatch(expected);
  });

  it('missing is explained', () => {
    expect(explainNpmFailure({ status: null, output: '', missing: true }, folder).message).toMatch(/npm was not found/);
  });

  it('is the one that runs us, else the one beside Node, never another package manager', () => {
    const npm = join('/', 'opt', 'npm-cli.js');
    const beside = join('/', 'node', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
    expect(findNpmCli(npm, '/node/bin/node', () => true)).toBe(npm);
    expect(findNpmCli('/opt/pnpm.cjs', '/node/bin/node', () => true)).toBe(beside);
    expect(findNpmCli(undefined, '/node/bin/node', () => false)).toBeNull();
  });
});

describe('build stamp', () => {
  it('notices changed, added and deleted sources, and a missing dist', () => {
    put('engine/a.ts', 'one');
    put('kernels/b.wgsl', 'two');
    put('dist/index.js', '');
    const stamp = () => put('dist/.rfclip-sources', sourceStamp(folder));
    expect(buildReady(folder)).toBe(false);
    stamp();
    expect(buildReady(folder)).toBe(true);
    utimesSync(join(folder, 'engine/a.ts'), 1, 1);
    expect(buildReady(folder)).toBe(false);
    stamp();
    put('clip/c.ts', '');
    expect(buildReady(folder)).toBe(false);
    stamp();
    rmSync(join(folder, 'kernels/b.wgsl'));
    expect(buildReady(folder)).toBe(false);
    stamp();
    put('test/d.ts', 'not a source');
    expect(buildReady(folder)).toBe(true);
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(buildReady(folder)).toBe(false);
  });

  it('leaves out what does not exist', () => {
    expect(fingerprint(folder, ['nothing', 'nowhere'])).toBe(fingerprint(folder, []));
  });
});

describe('what to do without an adapter', () => {
  const facts: Parameters<typeof nextAction>[0] = {
    platform: 'linux',
    arch: 'x64',
    problem: 'none',
    userDriver: false,
    isRoot: true,
    aptAllowed: true,
    aptCanHelp: true,
    debianLike: true,
    aptTried: false,
    swiftshaderTried: false,
  };
  it.each([
    ['root on Debian', {}, 'apt'],
    ['a crashing driver', { problem: 'crash' }, 'apt'],
    ['apt did not help', { aptTried: true }, 'swiftshader'],
    ['not root', { isRoot: false }, 'swiftshader'],
    ['apt forbidden', { aptAllowed: false }, 'swiftshader'],
    ['the packages are there already', { aptCanHelp: false }, 'swiftshader'],
    ['another distribution', { debianLike: false }, 'swiftshader'],
    ['nothing helped', { aptTried: true, swiftshaderTried: true }, 'give-up'],
    ['no SwiftShader for ARM', { isRoot: false, arch: 'arm64' }, 'give-up'],
    ['apt on ARM', { arch: 'arm64' }, 'apt'],
    ['Dawn does not load', { problem: 'module' }, 'give-up'],
    ["the user's choice of driver fails", { userDriver: true }, 'give-up'],
    ['a Mac', { platform: 'darwin' }, 'give-up'],
    ['Windows', { platform: 'win32' }, 'give-up'],
  ] as [string, Partial<typeof facts>, string][])('%s', (_, changes, expected) => {
    expect(nextAction({ ...facts, ...changes })).toBe(expected);
  });

  it.each([
    [{}, /Install a Vulkan driver/],
    [{ problem: 'module' }, /glibc 2\.34/],
    [{ userDriver: true }, /VK_DRIVER_FILES/],
    [{ platform: 'darwin' }, /Metal/],
    [{ platform: 'win32' }, /WARP/],
  ] as [Partial<typeof facts>, RegExp][])('advice for %o', (changes, expected) => {
    expect(adviceFor({ ...facts, ...changes })).toMatch(expected);
  });
});

describe('probe', () => {
  const answer = (stdout: string, status: number | null = 0, signal: string | null = null, said = '') =>
    parseProbe({ status, signal, stdout, output: stdout + said });
  it('takes the last JSON line, whatever drivers print', () => {
    expect(answer('driver says hello\n{"adapter":"llvmpipe"}\n')).toEqual({ adapter: 'llvmpipe' });
    expect(answer('{"problem":"none","detail":"x"}')).toEqual({ problem: 'none', detail: 'x' });
  });
  it('reports crashes, even after a good answer, and hangs', () => {
    expect(answer('{"adapter":"llvmpipe"}\n', null, 'SIGSEGV')).toMatchObject({
      problem: 'crash',
      detail: expect.stringContaining('SIGSEGV'),
    });
    expect(answer('', 3, null, 'Error: cannot allocate\n')).toMatchObject({
      problem: 'crash',
      detail: expect.stringMatching(/exit code 3: Error: cannot allocate/),
    });
    expect(answer('', null, 'SIGKILL')).toMatchObject({ problem: 'hang' });
  });
  it('is believed for a day, and only while environment and recorded choice stay', () => {
    const key = probeKey(folder, folder, '2026-01-01');
    expect(probeKey(folder, folder, '2026-01-01')).toBe(key);
    expect(probeKey(folder, folder, '2026-01-02')).not.toBe(key);
    put('vulkan.json', '{"driver":"swiftshader","loader":"/a","icd":"/b"}');
    const other = probeKey(folder, folder, '2026-01-01');
    expect(other).not.toBe(key);
    vi.stubEnv('VK_DRIVER_FILES', '/nowhere.json');
    expect(probeKey(folder, folder, '2026-01-01')).not.toBe(other);
  });
});

describe('lock', () => {
  it('lets one in at a time and is gone afterwards', async () => {
    const path = join(folder, 'a', 'lock');
    let inside = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all([withLock(path, work), withLock(path, work)]);
    expect(() => readFileSync(path)).toThrow();
  });
  it('is stale when its process is gone or its heartbeat stopped', () => {
    put('mine', `${process.pid}\n${hostname()}\n`);
    expect(isStale(join(folder, 'mine'))).toBe(false);
    expect(isStale(join(folder, 'mine'), Date.now() + 61_000)).toBe(true);
    // Process ids end well below this one everywhere.
    put('dead', `2000000000\n${hostname()}\n`);
    expect(isStale(join(folder, 'dead'))).toBe(true);
    put('elsewhere', '2000000000\nanother-machine\n');
    expect(isStale(join(folder, 'elsewhere'))).toBe(false);
    expect(isStale(join(folder, 'nothing'))).toBe(false);
  });
});

describe('cache', () => {
  it('is where each system keeps caches, and moves with RFCLIP_CACHE_DIR', () => {
    const home = join('/', 'home', 'me');
    expect(cacheFolder({}, 'linux', home)).toBe(join(home, '.cache', 'rfclip'));
    expect(cacheFolder({ XDG_CACHE_HOME: join('/', 'c') }, 'linux', home)).toBe(join('/', 'c', 'rfclip'));
    expect(cacheFolder({}, 'darwin', home)).toBe(join(home, 'Library', 'Caches', 'rfclip'));
    expect(cacheFolder({ LOCALAPPDATA: join('/', 'l') }, 'win32', home)).toBe(join('/', 'l', 'rfclip', 'Cache'));
    expect(cacheFolder({ RFCLIP_CACHE_DIR: '/x' }, 'darwin', home)).toBe('/x');
  });
  it('is the same for the set-up and for the engine', () => {
    for (const env of [{}, { XDG_CACHE_HOME: '/c' }, { RFCLIP_CACHE_DIR: '/x' }] as Record<string, string>[]) {
      for (const name of ['XDG_CACHE_HOME', 'RFCLIP_CACHE_DIR']) vi.stubEnv(name, env[name]);
      expect(fallback.cacheFolder()).toBe(cacheFolder(process.env, 'linux'));
    }
  });
  it('is written atomically', () => {
    const path = join(folder, 'deep', 'file');
    writeAtomic(path, 'one');
    writeAtomic(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(fingerprint(folder, ['deep'])).toBe(fingerprint(folder, ['deep/file']));
  });
});

describe('recorded Vulkan choice', () => {
  beforeEach(() => vi.stubEnv('RFCLIP_CACHE_DIR', folder));

  it('is null when missing, damaged or not understood', () => {
    expect(fallback.readVulkanChoice()).toBeNull();
    for (const text of [
      '{',
      'null',
      '{"driver":"other","loader":null,"icd":null}',
      '{"driver":"system","loader":5,"icd":null}',
    ]) {
      put('vulkan.json', text);
      expect(fallback.readVulkanChoice()).toBeNull();
    }
    const choice = { driver: 'swiftshader', loader: '/a', icd: '/b' };
    put('vulkan.json', JSON.stringify(choice));
    expect(fallback.readVulkanChoice()).toEqual(choice);
  });

  it.runIf(process.platform === 'linux')(
    'sets the driver, but not where the user chose one or its files are gone',
    () => {
      // No loader here: opening one would change the adapter of the other tests in this process.
      const icd = join(folder, 'icd.json');
      put('vulkan.json', JSON.stringify({ driver: 'swiftshader', loader: null, icd }));
      vi.stubEnv('VK_DRIVER_FILES', undefined);
      vi.stubEnv('VK_ICD_FILENAMES', undefined);
      fallback.prepareVulkan();
      expect(process.env.VK_DRIVER_FILES).toBeUndefined();
      put('icd.json', '{}');
      vi.stubEnv('VK_ICD_FILENAMES', '/mine.json');
      fallback.prepareVulkan();
      expect(process.env.VK_DRIVER_FILES).toBeUndefined();
      vi.stubEnv('VK_ICD_FILENAMES', undefined);
      fallback.prepareVulkan();
      expect([process.env.VK_DRIVER_FILES, process.env.VK_ICD_FILENAMES]).toEqual([icd, icd]);
    },
  );
});
