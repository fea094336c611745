import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, test } from 'vitest';
import { makeFolders, removeUnusedFolders } from '../../system/makeFolders.ts';
import { runCli } from '../support/runCli.ts';
import { houseFolders, readHouse } from '../support/house.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-folders-'));
const scene = fileURLToPath(new URL('../../examples/scenes/scene_0025.jpg', import.meta.url));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('makeFolders', () => {
  it('makes what is missing, one by one, also behind a link, and does nothing the second time', () => {
    symlinkSync(folder, join(folder, 'link'));
    for (let times = 0; times < 2; times++) makeFolders(join(folder, 'link/a/b/c'));
    expect(statSync(join(folder, 'a/b/c')).isDirectory()).toBe(true);
  });

  it('names the file that is in the way', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolders(join(folder, 'file/a/b'))).toThrow(`${join(folder, 'file')} is not a folder`);
    symlinkSync(join(folder, 'nowhere'), join(folder, 'broken'));
    expect(() => makeFolders(join(folder, 'broken'))).toThrow(`${join(folder, 'broken')} is not a folder`);
  });

  it('takes back what it made and nobody used', () => {
    makeFolders(join(folder, 'new/used'));
    makeFolders(join(folder, 'new/unused/deep'));
    writeFileSync(join(folder, 'new/used/file'), '');
    removeUnusedFolders();
    expect(readdirSync(join(folder, 'new'), { recursive: true })).toEqual(['used', join('used', 'file')]);
  });

  it('nobody makes folders in another way', () => {
    const sources = readHouse([...houseFolders(), 'index.ts'], /\.(ts|mjs)$/);
    const recursive = [...sources].flatMap(([path, text]) =>
      !path.startsWith('test/') && /mkdir(Sync)?\([^;]*recursive/.test(text) ? path : [],
    );
    expect(recursive).toEqual([]);
  });
});

/** A file system that answers ENOENT where a folder is to be made. */
describe.skipIf(process.platform !== 'linux')('below /proc', () => {
  const segment = ['segment', scene, '--classes', 'moon, soil', '--whole', '--resize', '64', '--out'];
  const timeout = 60_000;

  it('makeFolders returns with an error', () => {
    expect(() => makeFolders('/proc/nope/a/b')).toThrow(/ENOENT/);
  });

  test.each([
    ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/proc/nope', RFCLIP_CACHE_DIR: undefined }],
    ['RFCLIP_CACHE_DIR', { RFCLIP_CACHE_DIR: '/proc/nope/a/b' }],
    ['a file', { RFCLIP_CACHE_DIR: '/proc/version/a' }],
  ])('a cache there is no cache (%s)', async (_name, environment) => {
    expect(await runCli([...segment, join(folder, 'out')], { environment, timeout })).toMatchObject({ code: 0 });
  });

  test.each([
    ['results', [...segment, '/proc/nope/out'], {}, /the output folder .* cannot be used: \/proc\/nope cannot be made/],
    [
      'a download',
      ['weights', 'pull', 'ViT-B/16'],
      { RFCLIP_CACHE_DIR: '/proc/nope/a', RFCLIP_WEIGHTS_BASE_URL: 'http://127.0.0.1:9' },
      /the folder \/proc\/nope\/a\/weights cannot be made/,
    ],
    [
      'generated kernels',
      [...segment, join(folder, 'out')],
      { RFCLIP_DEBUG: 'wgsl=/proc/nope/a' },
      /RFCLIP_DEBUG: the folder \/proc\/nope\/a of wgsl= cannot be written/,
    ],
  ])('%s cannot go there, which is said', async (_name, args, environment, sentence) => {
    const result = await runCli(args, { environment, timeout });
    expect(result.stderr).toMatch(sentence);
    expect(result.signal).toBe(null);
  });
});
