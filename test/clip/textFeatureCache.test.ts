import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheRoot, openTextFeatureCache, type TextFeatureKey } from '../../clip/textFeatureCache.ts';

const key: TextFeatureKey = {
  checkpointSha256: 'ab'.repeat(32),
  templateSetId: 'imagenet80-1',
  tokenizerVersion: '1',
  width: 3,
};
const cat = Float32Array.of(0.1, -2, 3e-30);
const dog = Float32Array.of(4, 5, 6);
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rfclip-cache-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('openTextFeatureCache', () => {
  it('gives back, bit by bit, what was put, and nothing else', () => {
    openTextFeatureCache(key, root).put([
      ['cat', cat],
      ['wood ', dog],
      ['Ärger/../"x"', dog],
    ]);
    const found = openTextFeatureCache(key, root).get(['cat', 'wood', 'wood ', 'Ärger/../"x"']);
    expect([...found]).toEqual([
      ['cat', cat],
      ['wood ', dog],
      ['Ärger/../"x"', dog],
    ]);
  });

  it('is empty before anything was put, and creates nothing by looking', () => {
    expect(openTextFeatureCache(key, root).get(['cat']).size).toBe(0);
    expect(readdirSync(root)).toEqual([]);
  });

  it.each([
    { checkpointSha256: 'cd'.repeat(32) },
    { templateSetId: 'single-1' },
    { tokenizerVersion: '2' },
    { precision: 'f16' },
    { width: 4 },
  ])('keeps apart what differs in %j', (change) => {
    openTextFeatureCache(key, root).put([['cat', cat]]);
    expect(openTextFeatureCache({ ...key, ...change }, root).get(['cat']).size).toBe(0);
    expect(
      openTextFeatureCache({ ...key, checkpointSha256: key.checkpointSha256.toUpperCase() }, root).get(['cat']).size,
    ).toBe(1);
  });

  it('ignores damaged, truncated, empty and foreign files, and replaces them', () => {
    const cache = openTextFeatureCache(key, root);
    cache.put([['cat', cat]]);
    const file = join(cache.folder, readdirSync(cache.folder)[0]);
    const intact = readFileSync(file);
    for (let at = 0; at < intact.length; at++) {
      const damaged = Buffer.from(intact);
      damaged[at] ^= 1;
      writeFileSync(file, damaged);
      expect(cache.get(['cat']).size).toBe(0);
    }
    for (const size of [0, 1, 16, intact.length - 1]) {
      writeFileSync(file, intact);
      truncateSync(file, size);
      expect(cache.get(['cat']).size).toBe(0);
    }
    cache.put([['dog', dog]]);
    const dogFile = readdirSync(cache.folder)
      .map((name) => join(cache.folder, name))
      .find((path) => path !== file) as string;
    writeFileSync(file, readFileSync(dogFile));
    expect(cache.get(['cat']).size).toBe(0);
    cache.put([['cat', cat]]);
    expect(cache.get(['cat']).get('cat')).toEqual(cat);
  });

  it('replaces an entry and leaves no temporary file', () => {
    const cache = openTextFeatureCache(key, root);
    cache.put([['cat', cat]]);
    cache.put([['cat', dog]]);
    expect(cache.get(['cat']).get('cat')).toEqual(dog);
    expect(readdirSync(cache.folder)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.bin$/)]);
  });

  it('works without a folder that can be used', () => {
    const blocked = join(root, 'a-file');
    writeFileSync(blocked, '');
    const cache = openTextFeatureCache(key, blocked);
    cache.put([
      ['cat', cat],
      ['dog', dog],
    ]);
    expect(cache.get(['cat']).size).toBe(0);
    expect(readFileSync(blocked, 'utf8')).toBe('');
  });

  it('does not keep what is not finite, and refuses another width', () => {
    const cache = openTextFeatureCache(key, root);
    cache.put([
      ['cat', Float32Array.of(1, NaN, 2)],
      ['dog', Float32Array.of(1, Infinity, 2)],
    ]);
    expect(cache.get(['cat', 'dog']).size).toBe(0);
    expect(() => cache.put([['cat', new Float32Array(4)]])).toThrow(
      'The text feature of "cat" has 4 values, expected 3.',
    );
  });
});

describe('cacheRoot', () => {
  it("follows RFCLIP_CACHE_DIR, else the user's cache folder", () => {
    expect(cacheRoot({ RFCLIP_CACHE_DIR: '/somewhere' })).toBe('/somewhere');
    expect(cacheRoot({ RFCLIP_CACHE_DIR: '' })).toMatch(/rfclip/);
    expect(cacheRoot({})).toMatch(/rfclip/);
  });
});
