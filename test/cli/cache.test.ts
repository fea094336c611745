import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTextFeatureCache } from '../../clip/textFeatureCache.ts';
import { thisHolder } from '../../system/lockHolder.ts';
import { runCli } from '../support/runCli.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-cache-'));
  root = join(folder, 'cache');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, bytes = 10) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), Buffer.alloc(bytes));
};
const there = (...paths: string[]) => paths.filter((path) => existsSync(join(root, path)));
const cache = (...args: string[]) => runCli(['cache', ...args], { environment: { RFCLIP_CACHE_DIR: root } });

const WEIGHTS = ['weights/ViT-B-16.pt', 'weights/ViT-L-14.pt.part', 'weights/ViT-L-14.pt.part.json'];
const DRIVERS = ['vulkan.json', 'probe.json', 'swiftshader-153.0.0/libvk_swiftshader.so'];
const FOREIGN = [
  'weights/mine.pt',
  'weights/ViT-B-16.pt.txt',
  'notes.txt',
  'text-features/readme',
  'swiftshader-1.0/x',
];

/** Fills the cache, and returns the names of text features. */
function fill(): void {
  for (const path of WEIGHTS) put(path, 1000);
  for (const path of [...DRIVERS, ...FOREIGN]) put(path);
  const key = { checkpointSha256: 'a'.repeat(64), templateSetId: 't', tokenizerVersion: '1', width: 2 };
  openTextFeatureCache(key, root).put([
    ['cat', Float32Array.of(0, 1)],
    ['dog', Float32Array.of(1, 0)],
  ]);
}

describe('rfclip cache', () => {
  test('says where every cache is and how large', async () => {
    fill();
    const { code, stdout } = await cache();
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ weights +│ pulled checkpoints +│ +3 │ +3\.0 kB │ \S+weights +│/);
    expect(stdout).toMatch(/│ text-features +│ encoded class words +│ +2 │ +118 B │ \S+text-features +│/);
    expect(stdout).toMatch(/│ drivers +│ .* +│ +3 │ +30 B │/);
    expect(stdout).toContain(`besides, ${root} has 5 files that rfclip did not make, which stay`);
  });

  test('says it as JSON, and of a folder that is not there', async () => {
    const { code, stdout } = await cache('--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      folder: root,
      caches: [
        { name: 'weights', folder: join(root, 'weights'), files: 0, bytes: 0 },
        { name: 'data', folder: join(root, 'data'), files: 0, bytes: 0 },
        { name: 'text-features', folder: join(root, 'text-features'), files: 0, bytes: 0 },
        { name: 'drivers', folder: root, files: 0, bytes: 0 },
      ],
      otherFiles: 0,
    });
    expect(existsSync(root)).toBe(false);
  });

  test.each([['nonsense'], ['show', 'nonsense'], ['clear', 'nonsense'], ['clear', '']])(
    'refuses %s %s',
    async (...args) => {
      fill();
      expect(await cache(...args)).toMatchObject({ code: 2 });
      expect(there(...WEIGHTS, ...DRIVERS)).toEqual([...WEIGHTS, ...DRIVERS]);
    },
  );
});

describe('rfclip cache clear', () => {
  test('removes all that rfclip made and nothing else', async () => {
    fill();
    const { code, stdout } = await cache('clear');
    expect(stdout).toBe(
      'weights: 3 files, 3.0 kB freed\ndata: nothing to remove\ntext-features: 2 files, 118 B freed\n' +
        'drivers: 3 files, 30 B freed\n',
    );
    expect(code).toBe(0);
    expect(there(...WEIGHTS, ...DRIVERS)).toEqual([]);
    expect(there(...FOREIGN)).toEqual(FOREIGN);
    expect((await cache('clear', '--json')).stdout).toContain('"freedBytes": 0');
  });

  test('removes pulled data sets, but not what somebody put beside them', async () => {
    const pulled = ['data/rfclip-sources.json', 'data/VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg'];
    const mine = 'data/VOCdevkit/VOC2012/mine.txt';
    for (const path of [...pulled, mine]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), 'x');
    }
    expect((await cache('clear', 'data')).stdout).toBe('data: 2 files, 2 B freed\n');
    expect(there(...pulled, mine)).toEqual([mine]);
  });

  test('leaves no empty folders of its own', async () => {
    put('weights/ViT-B-16.pt');
    put(`text-features/${'a'.repeat(64)}/${'b'.repeat(64)}.bin`);
    put('swiftshader-153.0.0/libvulkan.so.1');
    expect(await cache('clear')).toMatchObject({ code: 0 });
    expect(there('weights', 'text-features', 'swiftshader-153.0.0')).toEqual([]);
    expect(await cache('clear')).toMatchObject({
      code: 0,
      stdout: ['weights', 'data', 'text-features', 'drivers'].map((name) => `${name}: nothing to remove\n`).join(''),
    });
  });

  test('removes what is named alone', async () => {
    fill();
    expect((await cache('clear', 'text-features', 'drivers')).stdout).toBe(
      'text-features: 2 files, 118 B freed\ndrivers: 3 files, 30 B freed\n',
    );
    expect(there(...WEIGHTS, ...DRIVERS)).toEqual(WEIGHTS);
  });

  test('refuses while another process downloads, and removes nothing', async () => {
    fill();
    const lock = join(root, 'weights', 'ViT-L-14.pt.lock');
    writeFileSync(lock, JSON.stringify({ ...thisHolder(), claim: 'x' }));
    const { code, stdout, stderr } = await cache('clear');
    expect(stderr).toContain(`rfclip: weights are in use by process ${process.pid} on`);
    expect(stderr).toContain('; nothing was removed\n');
    expect([code, stdout]).toEqual([1, '']);
    expect(there(...WEIGHTS, ...DRIVERS)).toEqual([...WEIGHTS, ...DRIVERS]);
    expect(readFileSync(lock, 'utf8')).toContain('"claim":"x"');
    expect(there('weights/ViT-B-16.pt.lock')).toEqual([]);
    // What nobody holds can go.
    expect(await cache('clear', 'drivers')).toMatchObject({ code: 0 });
  });

  test('takes no notice of a lock whose process has ended', async () => {
    fill();
    writeFileSync(
      join(root, 'weights', 'ViT-L-14.pt.lock'),
      JSON.stringify({ ...thisHolder(), process: 2 ** 31 - 2, claim: 'x' }),
    );
    expect(await cache('clear', 'weights')).toMatchObject({ code: 0 });
    expect(there(...WEIGHTS, 'weights/ViT-L-14.pt.lock')).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('follows no link', async () => {
    const outside = join(folder, 'outside');
    const precious = [join(outside, 'ViT-B-16.pt'), join(outside, `${'b'.repeat(64)}.bin`)];
    mkdirSync(outside);
    for (const path of precious) writeFileSync(path, 'precious');
    mkdirSync(join(root, 'text-features'), { recursive: true });
    symlinkSync(outside, join(root, 'weights'));
    symlinkSync(outside, join(root, 'text-features', 'a'.repeat(64)));
    symlinkSync(precious[0], join(root, 'vulkan.json'));
    expect((await cache()).stdout).toContain(`${join(root, 'weights')} is a link: what it leads to is neither counted`);
    expect((await cache('clear')).stdout.match(/nothing to remove/g)).toHaveLength(4);
    expect(precious.map((path) => readFileSync(path, 'utf8'))).toEqual(['precious', 'precious']);
    expect(there('weights', 'vulkan.json')).toEqual(['weights', 'vulkan.json']);
  });
});
